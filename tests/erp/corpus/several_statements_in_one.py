"""One string, three statements, as copied from a console.

verdict: breaking
risks: breaking data-losing
upgrade: works
old code: orders_are_cancelled orders_are_placed orders_are_read orders_are_shipped
locks: orders AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "several_statements_in_one"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE notes (id serial PRIMARY KEY, order_id integer, text text);
        INSERT INTO notes (order_id, text) SELECT id, note FROM orders WHERE note IS NOT NULL;
        ALTER TABLE orders DROP COLUMN note;
        """)
