"""The same, and the old column goes at once.

verdict: breaking
risks: breaking data-losing locking
upgrade: works
old code: customers_are_added customers_are_found orders_are_read
locks: customers AccessExclusiveLock, customers ShareRowExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "split_table_at_once"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("text", sa.Text()),
    )
    op.execute("INSERT INTO addresses SELECT id, address FROM customers")
    op.drop_column("customers", "address")
