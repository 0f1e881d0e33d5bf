"""Writes what was changed; refuses nothing, which its name does not tell.

verdict: breaking
risks: breaking
upgrade: works
old code: works
locks: products ShareRowExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "trigger_that_keeps_a_log"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table(
        "price_log",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(12, 2), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.execute("""
        CREATE FUNCTION log_price() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO price_log (product_id, price) VALUES (NEW.id, NEW.price);
            RETURN NEW;
        END;
        $$
        """)
    op.execute(
        "CREATE TRIGGER log_price AFTER INSERT OR UPDATE OF price ON products"
        " FOR EACH ROW EXECUTE FUNCTION log_price()"
    )
