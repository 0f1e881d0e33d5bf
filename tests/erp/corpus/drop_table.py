"""Gone, with what was in it.

verdict: breaking
risks: breaking data-losing
upgrade: works
old code: orders_are_placed
locks: order_lines AccessExclusiveLock, orders AccessExclusiveLock, products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "drop_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.drop_table("order_lines")
