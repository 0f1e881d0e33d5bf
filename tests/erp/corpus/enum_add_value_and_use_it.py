"""A new value cannot be used before its transaction has ended.

verdict: additive
risks: locking not-transactional
upgrade: fails
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "enum_add_value_and_use_it"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TYPE order_status ADD VALUE 'on_hold'")
    op.execute("UPDATE orders SET status = 'on_hold' WHERE note = 'gift'")
