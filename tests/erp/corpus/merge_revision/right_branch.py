"""The other branch."""

import sqlalchemy as sa
from alembic import op

revision = "right_branch"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("products", sa.Column("brand", sa.String(80)))
