"""The same name, another body: what it does, nobody here can tell.

verdict: breaking
risks: breaking
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "replace_function"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE FUNCTION next_invoice_number() RETURNS text LANGUAGE sql AS $$
            SELECT 'INV-' || nextval('invoice_numbers');
        $$
        """)
