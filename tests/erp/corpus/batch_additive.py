"""`batch_alter_table`, as projects write it that also run on SQLite.

verdict: additive
risks: none
upgrade: works
old code: works
locks: customers AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "batch_additive"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("newsletter", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("vat_id", sa.String(length=20), nullable=True))
        batch_op.alter_column(
            "name", existing_type=sa.String(length=200), type_=sa.String(length=300)
        )
