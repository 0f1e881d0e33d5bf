"""The running version calls it.

verdict: breaking
risks: breaking
upgrade: works
old code: invoices_are_written
locks: none
failure: undone
"""

from alembic import op

revision = "drop_function"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("DROP FUNCTION next_invoice_number()")
