"""Nothing demands a value.

verdict: additive
risks: none
upgrade: works
old code: works
locks: orders AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "drop_default_of_optional"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column(
        "orders", "placed_at", existing_type=sa.DateTime(timezone=True), server_default=None
    )
