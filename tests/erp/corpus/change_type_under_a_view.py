"""PostgreSQL refuses to change a column that a view reads.

verdict: breaking
risks: breaking locking
upgrade: fails
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "change_type_under_a_view"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.alter_column("invoices", "total", existing_type=sa.Numeric(14, 2), type_=sa.Numeric(14, 3))
