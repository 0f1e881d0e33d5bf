"""Another schema is another name.

verdict: breaking
risks: breaking
upgrade: works
old code: orders_are_placed
locks: order_lines AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "move_table_to_schema"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("CREATE SCHEMA sales")
    op.execute("ALTER TABLE order_lines SET SCHEMA sales")
