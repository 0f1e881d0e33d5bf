"""The whole table is written again while nobody may read it, outside of any transaction.

verdict: additive
risks: locking not-transactional
upgrade: works
old code: works
locks: none
failure: undone
"""

from alembic import op

revision = "vacuum_full"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("VACUUM FULL order_lines")
