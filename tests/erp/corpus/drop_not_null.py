"""Nobody has to say it any more; whoever does may go on.

verdict: additive
risks: none
upgrade: works
old code: works
locks: users AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "drop_not_null"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("users", "full_name", existing_type=sa.String(120), nullable=True)
