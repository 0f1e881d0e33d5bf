"""Expand and contract, each right, and both in one release: between them no version ran.

verdict: breaking
risks: breaking data-losing locking
upgrade: works
old code: customers_are_added customers_are_found orders_are_read
locks: customers AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "two_revisions"
down_revision = "expand"


def upgrade() -> None:
    op.drop_column("customers", "email")
