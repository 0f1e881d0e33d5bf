"""A data migration: some rows, by what they are.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "data_update_some"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("UPDATE customers SET email = lower(email) WHERE email <> lower(email)")
