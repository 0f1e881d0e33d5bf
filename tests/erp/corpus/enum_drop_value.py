"""PostgreSQL drops no value: another type takes the name. The running version still sets what is
gone.

verdict: breaking
risks: breaking locking
upgrade: works
old code: orders_are_cancelled
locks: orders AccessExclusiveLock, orders ShareLock
failure: undone
"""

from alembic import op

revision = "enum_drop_value"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("UPDATE orders SET status = 'draft' WHERE status = 'cancelled'")
    op.execute("ALTER TYPE order_status RENAME TO order_status_old")
    op.execute("CREATE TYPE order_status AS ENUM ('draft', 'confirmed', 'shipped')")
    op.execute("ALTER TABLE orders ALTER COLUMN status DROP DEFAULT")
    op.execute(
        "ALTER TABLE orders ALTER COLUMN status TYPE order_status USING status::text::order_status"
    )
    op.execute("ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'draft'")
    op.execute("DROP TYPE order_status_old")
