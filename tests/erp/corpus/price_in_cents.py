"""The same number means something else: the running version fails nowhere and is wrong everywhere.

verdict: breaking
risks: breaking data-losing locking
upgrade: works
old code: works
locks: products AccessExclusiveLock, products ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "price_in_cents"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column(
        "products",
        "price",
        existing_type=sa.Numeric(12, 2),
        type_=sa.Integer(),
        postgresql_using="(price * 100)::integer",
    )
