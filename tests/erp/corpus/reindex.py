"""The index is built again while nobody may write.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: products ShareLock
failure: undone
"""

from alembic import op

revision = "reindex"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("REINDEX TABLE products")
