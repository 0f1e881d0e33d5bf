"""Reads rows, decides in Python, writes: no SQL can be rendered without the database.

verdict: unjudged
risks: unjudged
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "data_read_first"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, name FROM customers WHERE phone IS NULL"))
    for row in rows.all():
        connection.execute(
            sa.text("UPDATE customers SET phone = :phone WHERE id = :id"),
            {"phone": f"unknown ({row.name[:20]})", "id": row.id},
        )
