"""No limit at all changes no row either.

verdict: additive
risks: none
upgrade: works
old code: works
locks: customers AccessExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "varchar_to_text"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("customers", "phone", existing_type=sa.String(40), type_=sa.Text())
