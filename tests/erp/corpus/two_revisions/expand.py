"""The first of two revisions that one release brings."""

import sqlalchemy as sa
from alembic import op

revision = "expand"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("customers", sa.Column("email_address", sa.String(254)))
    op.execute("UPDATE customers SET email_address = email")
