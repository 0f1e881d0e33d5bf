"""A view with the old name reads and writes: the running version notices nothing. Sluice does not
see that much, and says breaking.

verdict: breaking
risks: breaking
upgrade: works
old code: works
locks: order_lines AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "rename_table_behind_a_view"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.rename_table("order_lines", "order_items")
    op.execute("CREATE VIEW order_lines AS SELECT * FROM order_items")
