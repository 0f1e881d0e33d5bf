"""A column that may stay empty: nothing that runs now knows or needs it.

verdict: additive
risks: none
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "add_nullable_column"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("products", sa.Column("brand", sa.String(80)))
