"""A function of the running version takes numbers from it, and PostgreSQL does not know.

verdict: breaking
risks: breaking
upgrade: works
old code: invoices_are_written
locks: none
failure: undone
"""

from alembic import op

revision = "drop_sequence"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("DROP SEQUENCE invoice_numbers")
