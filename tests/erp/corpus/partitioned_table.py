"""New, and in parts.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "partitioned_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table(
        "stock_movements",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        postgresql_partition_by="RANGE (moved_on)",
    )
    for year in (2026, 2027):
        op.execute(
            f"CREATE TABLE stock_movements_{year} PARTITION OF stock_movements"
            f" FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')"
        )
