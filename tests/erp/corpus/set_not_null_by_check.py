"""The check spares SET NOT NULL its own look at every row. In one transaction nothing is won by it.

verdict: breaking
risks: breaking locking
upgrade: works
old code: customers_are_added
locks: customers AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "set_not_null_by_check"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE customers ADD CONSTRAINT address_there CHECK (address IS NOT NULL) NOT VALID"
    )
    op.execute("ALTER TABLE customers VALIDATE CONSTRAINT address_there")
    op.alter_column("customers", "address", existing_type=sa.Text(), nullable=False)
    op.drop_constraint("address_there", "customers")
