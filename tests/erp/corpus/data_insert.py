"""Rows in a table that is there.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "data_insert"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    products = sa.table(
        "products",
        sa.column("sku", sa.String),
        sa.column("name", sa.String),
        sa.column("price", sa.Numeric),
    )
    op.bulk_insert(
        products,
        [
            {"sku": "SHIPPING", "name": "Shipping", "price": 4.9},
            {"sku": "EXPRESS", "name": "Express shipping", "price": 12},
        ],
    )
