"""What `alembic revision --autogenerate` writes for a new column that must not be empty. Each table
that has rows refuses it; where there are none, INSERTs of the running version fail.

verdict: breaking
risks: breaking
upgrade: fails
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "add_required_column"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("customers", sa.Column("vat_id", sa.String(20), nullable=False))
