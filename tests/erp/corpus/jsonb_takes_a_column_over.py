"""What was a column becomes a key.

verdict: breaking
risks: breaking data-losing locking
upgrade: works
old code: products_are_added products_are_described products_are_listed products_are_sold
locks: products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "jsonb_takes_a_column_over"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("UPDATE products SET attributes = attributes || jsonb_build_object('stock', stock)")
    op.drop_column("products", "stock")
