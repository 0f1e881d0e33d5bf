"""The running version still reads and writes it.

verdict: breaking
risks: breaking data-losing
upgrade: works
old code: products_are_added products_are_described products_are_listed
locks: products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "drop_column"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.drop_column("products", "description")
