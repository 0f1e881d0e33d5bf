"""The running version reads it.

verdict: breaking
risks: breaking
upgrade: works
old code: invoices_are_reminded_of
locks: none
failure: undone
"""

from alembic import op

revision = "drop_view"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("DROP VIEW open_invoices")
