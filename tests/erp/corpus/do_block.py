"""Code in the database: it may do anything.

verdict: unjudged
risks: unjudged
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "do_block"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("""
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'currency') THEN
                CREATE DOMAIN currency AS char(3);
            END IF;
        END;
        $$
        """)
