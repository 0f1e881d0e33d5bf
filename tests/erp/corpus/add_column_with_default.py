"""A required column that fills itself. Since PostgreSQL 11 no row is written for a constant.

verdict: additive
risks: none
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "add_column_with_default"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column(
        "products",
        sa.Column("reorder_at", sa.Integer(), nullable=False, server_default="10"),
    )
