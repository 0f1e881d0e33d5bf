"""A default helps only INSERTs that leave the column out: SQLAlchemy's ORM says NULL.

verdict: breaking
risks: breaking locking
upgrade: works
old code: customers_are_added
locks: customers AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "set_not_null_with_default"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column(
        "customers",
        "address",
        existing_type=sa.Text(),
        server_default="",
        nullable=False,
    )
