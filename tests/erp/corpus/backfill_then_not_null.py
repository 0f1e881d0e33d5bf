"""Add, fill, demand: right for the rows that are there, wrong for those that are still added by the
running version.

verdict: breaking
risks: breaking locking
upgrade: works
old code: customers_are_added
locks: customers AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "backfill_then_not_null"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("customers", sa.Column("language", sa.String(2)))
    op.execute("UPDATE customers SET language = lower(country) WHERE language IS NULL")
    op.alter_column("customers", "language", nullable=False)
