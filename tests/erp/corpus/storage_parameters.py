"""How the table is kept, not what is in it.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "storage_parameters"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TABLE products SET (fillfactor = 90)")
    op.execute("ALTER TABLE products ALTER COLUMN attributes SET STATISTICS 500")
