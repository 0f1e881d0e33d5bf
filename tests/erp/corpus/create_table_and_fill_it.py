"""A new table with its first rows, as `op.bulk_insert` writes them.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "create_table_and_fill_it"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    tax_rates = op.create_table(
        "tax_rates",
        sa.Column("country", sa.String(2), primary_key=True),
        sa.Column("percent", sa.Numeric(4, 1), nullable=False),
    )
    op.bulk_insert(
        tax_rates,
        [
            {"country": "DE", "percent": 19},
            {"country": "AT", "percent": 20},
            {"country": "CH", "percent": 8.1},
        ],
    )
