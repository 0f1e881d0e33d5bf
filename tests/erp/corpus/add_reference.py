"""A new table, and a new column that points to it and may be empty. PostgreSQL looks at every row
nevertheless.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: products AccessExclusiveLock, products ShareRowExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "add_reference"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
    )
    op.add_column("products", sa.Column("supplier_id", sa.Integer()))
    op.create_foreign_key(
        "fk_products_supplier_id", "products", "suppliers", ["supplier_id"], ["id"]
    )
