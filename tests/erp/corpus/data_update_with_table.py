"""The same in SQLAlchemy's words, with a table made for the occasion.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "data_update_with_table"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    orders = sa.table("orders", sa.column("status"), sa.column("note"))
    op.execute(
        orders.update()
        .where(orders.c.note == op.inline_literal("gift"))
        .values(note=op.inline_literal("wrap as a gift"))
    )
