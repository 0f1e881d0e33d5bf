"""What `alembic merge heads` writes: it changes nothing and joins two branches.

verdict: additive
risks: none
upgrade: works
old code: works
locks: customers AccessExclusiveLock, products AccessExclusiveLock
failure: undone
"""

from alembic import op  # noqa: F401

revision = "merge_revision"
down_revision = ("left_branch", "right_branch")


def upgrade() -> None:
    pass
