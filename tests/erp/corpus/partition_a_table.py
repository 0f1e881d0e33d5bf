"""The table that is there becomes a part of one that takes its name.

verdict: breaking
risks: breaking locking
upgrade: works
old code: works
locks: order_lines AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "partition_a_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TABLE order_lines RENAME TO order_lines_first")
    op.execute(
        "CREATE TABLE order_lines (LIKE order_lines_first INCLUDING DEFAULTS)"
        " PARTITION BY RANGE (id)"
    )
    op.execute(
        "ALTER TABLE order_lines ATTACH PARTITION order_lines_first"
        " FOR VALUES FROM (1) TO (1000000)"
    )
    op.execute("CREATE TABLE order_lines_rest PARTITION OF order_lines DEFAULT")
