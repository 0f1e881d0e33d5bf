"""What the running version writes is no JSON.

verdict: breaking
risks: breaking locking
upgrade: works
old code: orders_are_placed
locks: orders AccessExclusiveLock, orders ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "text_to_json"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column(
        "orders",
        "note",
        existing_type=sa.Text(),
        type_=postgresql.JSONB(),
        postgresql_using="to_jsonb(note)",
    )
