"""Tables of their own for reports.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "new_schema"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("CREATE SCHEMA reporting")
    op.create_table(
        "days",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("orders", sa.Integer(), nullable=False),
        schema="reporting",
    )
