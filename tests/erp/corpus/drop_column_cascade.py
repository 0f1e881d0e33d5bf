"""What is built on the column goes with it: a view, and an index.

verdict: breaking
risks: breaking data-losing
upgrade: works
old code: invoices_are_reminded_of orders_are_cancelled orders_are_placed orders_are_read
    orders_are_shipped
locks: customers AccessExclusiveLock, orders AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "drop_column_cascade"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TABLE orders DROP COLUMN customer_id CASCADE")
