"""Words for whoever reads the schema.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "comments"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.create_table_comment("products", "What is sold")
    op.alter_column(
        "products", "price", existing_type=sa.Numeric(12, 2), comment="Without tax, in euros"
    )
