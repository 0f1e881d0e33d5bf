"""Two branches were merged in Git and not in Alembic: `upgrade head` does not know where to go.

verdict: several-heads
"""

import sqlalchemy as sa
from alembic import op

revision = "several_heads"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("customers", sa.Column("vat_id", sa.String(20)))
