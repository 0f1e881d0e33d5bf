"""As most projects write it: in a block of its own, for PostgreSQL before 12.

verdict: additive
risks: not-transactional
upgrade: works
old code: works
locks: none
failure: something stays
"""

from alembic import op

revision = "enum_add_value"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'returned'")
