"""One statement, and two versions that cannot both be right.

verdict: breaking
risks: breaking
upgrade: works
old code: products_are_added products_are_described products_are_listed
locks: products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "rename_column"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("products", "name", new_column_name="title")
