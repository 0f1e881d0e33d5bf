"""The same without waiting for a lock on the table.

verdict: additive
risks: not-transactional
upgrade: works
old code: works
locks: none
failure: something stays
"""

from alembic import op

revision = "drop_index_concurrently"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_customer_id", table_name="orders", postgresql_concurrently=True)
