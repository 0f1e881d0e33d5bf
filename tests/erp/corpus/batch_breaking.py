"""The same with what autogenerate finds after somebody has tidied a model up.

verdict: breaking
risks: breaking data-losing locking
upgrade: works
old code: customers_are_added customers_are_found orders_are_read
locks: customers AccessExclusiveLock, customers ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "batch_breaking"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.alter_column("address", new_column_name="street", existing_type=sa.Text())
        batch_op.create_unique_constraint("uq_customers_email", ["email"])
        batch_op.drop_column("phone")
