"""A table of their own for addresses, filled; the old column stays for the running version.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: customers ShareRowExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "split_table_first_half"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.execute(
        "INSERT INTO addresses (customer_id, text)"
        " SELECT id, address FROM customers WHERE address IS NOT NULL"
    )
