"""Attributes of products, orders found by customer

Revision ID: c7d09e31f5a8
Revises: 8e4f2a6c1b39
Create Date: 2026-06-22 10:05:31
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c7d09e31f5a8"
down_revision = "8e4f2a6c1b39"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "products",
        sa.Column("attributes", postgresql.JSONB(), nullable=False, server_default="{}"),
    )
    # Orders are written all day: nobody waits for the index.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_orders_customer_id",
            "orders",
            ["customer_id"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_orders_customer_id", "orders")
    op.drop_column("products", "attributes")
