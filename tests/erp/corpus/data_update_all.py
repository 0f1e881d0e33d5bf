"""Every row, whatever it was before.

verdict: additive
risks: data-losing locking
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "data_update_all"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("UPDATE products SET stock = 0")
