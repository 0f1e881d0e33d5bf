"""Some rows lack it, and the migration finds out in production.

verdict: breaking
risks: breaking locking
upgrade: fails
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "set_not_null_where_nulls_are"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("customers", "email", existing_type=sa.String(254), nullable=False)
