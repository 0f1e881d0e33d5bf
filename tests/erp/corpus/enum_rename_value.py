"""The running version goes on asking for the old word.

verdict: breaking
risks: breaking
upgrade: works
old code: orders_are_read orders_are_shipped
locks: none
failure: undone
"""

from alembic import op

revision = "enum_rename_value"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TYPE order_status RENAME VALUE 'shipped' TO 'sent'")
