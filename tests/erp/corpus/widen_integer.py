"""Room for more orders. Every row is written again, and the index with it.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: order_lines AccessExclusiveLock, order_lines ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "widen_integer"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("order_lines", "quantity", existing_type=sa.Integer(), type_=sa.BigInteger())
