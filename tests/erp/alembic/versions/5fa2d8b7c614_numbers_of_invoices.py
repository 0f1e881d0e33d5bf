"""Numbers of invoices, and what is not paid yet

Revision ID: 5fa2d8b7c614
Revises: c7d09e31f5a8
Create Date: 2026-09-08 16:21:10
"""

from alembic import op

revision = "5fa2d8b7c614"
down_revision = "c7d09e31f5a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE invoice_numbers")
    op.execute("""
        CREATE FUNCTION next_invoice_number() RETURNS text LANGUAGE sql AS $$
            SELECT to_char(now(), 'YYYY') || '-' || lpad(nextval('invoice_numbers')::text, 6, '0');
        $$
        """)
    op.execute("""
        CREATE VIEW open_invoices AS
        SELECT invoices.id, number, total, due_on, customer_id
        FROM invoices JOIN orders ON orders.id = invoices.order_id
        WHERE NOT paid
        """)


def downgrade() -> None:
    op.execute("DROP VIEW open_invoices")
    op.execute("DROP FUNCTION next_invoice_number()")
    op.execute("DROP SEQUENCE invoice_numbers")
