"""The zone is lost, and with it what the time was.

verdict: breaking
risks: breaking locking
upgrade: works
old code: works
locks: orders AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "timestamp_without_time_zone"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column(
        "orders",
        "placed_at",
        existing_type=sa.DateTime(timezone=True),
        type_=sa.DateTime(),
    )
