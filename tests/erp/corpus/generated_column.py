"""Worked out from others and kept: every row is written again.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: order_lines AccessExclusiveLock, order_lines ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "generated_column"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column(
        "order_lines",
        sa.Column("total", sa.Numeric(14, 2), sa.Computed("quantity * unit_price", persisted=True)),
    )
