"""Rows are hidden from everybody, the owner too.

verdict: breaking
risks: breaking
upgrade: works
old code: invoices_are_deleted invoices_are_paid invoices_are_written
locks: invoices AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "row_level_security"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TABLE invoices ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE invoices FORCE ROW LEVEL SECURITY")
