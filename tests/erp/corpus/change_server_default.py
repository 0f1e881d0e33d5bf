"""For rows that are to come.

verdict: additive
risks: none
upgrade: works
old code: works
locks: customers AccessExclusiveLock
failure: undone
"""

from alembic import op

revision = "change_server_default"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("customers", "country", server_default="AT")
