"""One branch."""

import sqlalchemy as sa
from alembic import op

revision = "left_branch"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("customers", sa.Column("vat_id", sa.String(20)))
