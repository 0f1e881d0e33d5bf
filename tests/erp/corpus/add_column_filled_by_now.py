"""`now()` is the same for all rows of a transaction: no row is written either.

verdict: additive
risks: none
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "add_column_filled_by_now"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column(
        "products",
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
    )
