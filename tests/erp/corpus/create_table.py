"""Nobody knows it yet.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "create_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.UniqueConstraint("name", "country"),
    )
    op.create_index("ix_suppliers_country", "suppliers", ["country"])
