"""No email twice, from now on. The index is built while nobody may write.

verdict: breaking
risks: breaking locking
upgrade: works
old code: works
locks: customers AccessExclusiveLock, customers ShareLock
failure: undone
"""

from alembic import op

revision = "add_unique"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_unique_constraint("uq_customers_email", "customers", ["email"])
