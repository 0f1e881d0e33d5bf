"""Somebody wanted to be sure.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: orders AccessExclusiveLock, orders ExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "lock_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("LOCK TABLE orders IN EXCLUSIVE MODE")
    op.add_column("orders", sa.Column("channel", sa.String(20)))
