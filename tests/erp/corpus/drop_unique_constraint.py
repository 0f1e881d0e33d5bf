"""Nothing refuses a second row any more, and `ON CONFLICT` has nothing to stand on.

verdict: breaking
risks: breaking
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "drop_unique_constraint"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.drop_constraint("products_sku_key", "products", type_="unique")
