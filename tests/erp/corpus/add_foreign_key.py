"""Both columns are there. Every row is looked at, and later writes may be refused.

verdict: breaking
risks: breaking locking
upgrade: works
old code: works
locks: invoices ShareRowExclusiveLock, orders ShareRowExclusiveLock
failure: undone
"""

from alembic import op

revision = "add_foreign_key"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_foreign_key("fk_invoices_id_orders", "invoices", "orders", ["id"], ["id"])
