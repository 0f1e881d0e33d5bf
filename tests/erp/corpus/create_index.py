"""Writes wait until it is built.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: invoices ShareLock
failure: undone
"""

from alembic import op

revision = "create_index"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_index("ix_invoices_due_on", "invoices", ["due_on"])
