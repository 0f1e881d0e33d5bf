"""A better word for the same thing.

verdict: breaking
risks: breaking
upgrade: works
old code: orders_are_placed
locks: order_lines AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "rename_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.rename_table("order_lines", "order_items")
