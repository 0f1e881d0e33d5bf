"""Queries that used it become slow. Whether it was unique, so that `ON CONFLICT` needs it, the
statement does not tell.

verdict: breaking
risks: breaking
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
