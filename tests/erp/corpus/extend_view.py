"""One column more, at the end: whoever reads the others reads on.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "extend_view"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("""
        CREATE OR REPLACE VIEW open_invoices AS
        SELECT invoices.id, number, total, due_on, customer_id, issued_at
        FROM invoices JOIN orders ON orders.id = invoices.order_id
        WHERE NOT paid
        """)
