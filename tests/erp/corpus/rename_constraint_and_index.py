"""Names that no code uses.

verdict: additive
risks: none
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "rename_constraint_and_index"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TABLE products RENAME CONSTRAINT products_sku_key TO uq_products_sku")
    op.execute("ALTER INDEX ix_orders_customer_id RENAME TO ix_orders_by_customer")
