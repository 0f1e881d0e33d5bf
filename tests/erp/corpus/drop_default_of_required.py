"""The running version relies on it.

verdict: breaking
risks: breaking
upgrade: works
old code: customers_are_added
locks: customers AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "drop_default_of_required"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("customers", "country", existing_type=sa.String(2), server_default=None)
