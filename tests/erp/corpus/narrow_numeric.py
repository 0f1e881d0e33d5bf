"""Fewer digits than some invoices need. A view reads the column, so it goes and comes back.

verdict: breaking
risks: breaking locking
upgrade: works
old code: invoices_are_written
locks: invoices AccessExclusiveLock, invoices ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "narrow_numeric"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("DROP VIEW open_invoices")
    op.alter_column("invoices", "total", existing_type=sa.Numeric(14, 2), type_=sa.Numeric(8, 2))
    op.execute("""
        CREATE VIEW open_invoices AS
        SELECT invoices.id, number, total, due_on, customer_id
        FROM invoices JOIN orders ON orders.id = invoices.order_id
        WHERE NOT paid
        """)
