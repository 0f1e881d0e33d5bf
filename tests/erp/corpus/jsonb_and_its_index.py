"""A GIN index over a column that is there.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: products ShareLock
failure: undone
"""

from alembic import op

revision = "jsonb_and_its_index"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_index("ix_products_attributes", "products", ["attributes"], postgresql_using="gin")
