"""The running version writes longer texts than the new limit takes.

verdict: breaking
risks: breaking locking
upgrade: works
old code: products_are_described
locks: products AccessExclusiveLock, products ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "narrow_text"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("products", "description", existing_type=sa.Text(), type_=sa.String(255))
