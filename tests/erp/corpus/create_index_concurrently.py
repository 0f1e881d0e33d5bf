"""As Alembic's own cookbook has it. What stands before the block is committed when it begins.

verdict: additive
risks: not-transactional
upgrade: works
old code: works
locks: invoices AccessExclusiveLock
failure: something stays
"""

import sqlalchemy as sa
from alembic import op

revision = "create_index_concurrently"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("reminded_at", sa.DateTime(timezone=True)))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_invoices_due_on",
            "invoices",
            ["due_on"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
