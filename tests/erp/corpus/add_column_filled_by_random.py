"""Each row needs a value of its own: the whole table is written again while nobody may read it.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: orders AccessExclusiveLock, orders ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "add_column_filled_by_random"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column(
            "public_id",
            postgresql.UUID(),
            nullable=False,
            server_default=sa.text("gen_random_uuid()"),
        ),
    )
