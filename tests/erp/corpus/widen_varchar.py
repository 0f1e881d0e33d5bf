"""A longer limit changes no row.

verdict: additive
risks: none
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "widen_varchar"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("products", "name", existing_type=sa.String(200), type_=sa.String(400))
