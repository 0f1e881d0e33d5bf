"""Only some countries are left, and the default is gone with the type.

verdict: breaking
risks: breaking locking
upgrade: works
old code: customers_are_added
locks: customers AccessExclusiveLock, customers ShareLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "varchar_to_enum"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    country = postgresql.ENUM("DE", "AT", "CH", name="country_code")
    country.create(op.get_bind(), checkfirst=False)
    op.alter_column("customers", "country", server_default=None)
    op.alter_column(
        "customers",
        "country",
        existing_type=sa.String(2),
        type_=country,
        postgresql_using="country::country_code",
    )
