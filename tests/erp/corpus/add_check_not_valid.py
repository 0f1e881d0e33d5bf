"""Well meant: in one transaction, the lock of the first statement is held while the second looks at
every row.

verdict: breaking
risks: breaking locking
upgrade: works
old code: works
locks: products AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "add_check_not_valid"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TABLE products ADD CONSTRAINT price_is_no_debt CHECK (price >= 0) NOT VALID")
    op.execute("ALTER TABLE products VALIDATE CONSTRAINT price_is_no_debt")
