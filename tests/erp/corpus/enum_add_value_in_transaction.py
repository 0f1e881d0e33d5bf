"""The same with PostgreSQL 12 and later.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "enum_add_value_in_transaction"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TYPE order_status ADD VALUE 'returned' AFTER 'shipped'")
