"""A report that is worked out at night.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "materialised_view"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("""
        CREATE MATERIALIZED VIEW sales_by_country AS
        SELECT country, count(*) AS orders
        FROM orders JOIN customers ON customers.id = customer_id GROUP BY country
        """)
    op.create_index("uq_sales_by_country", "sales_by_country", ["country"], unique=True)
