"""The application may not write any more.

verdict: breaking
risks: breaking
upgrade: works
old code: orders_are_placed
locks: none
failure: undone
"""

from alembic import op

revision = "revoke"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("REVOKE INSERT ON orders FROM erp")
