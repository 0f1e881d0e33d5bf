"""The same without anybody waiting: the index first, then the constraint takes it over.

verdict: breaking
risks: breaking not-transactional
upgrade: works
old code: works
locks: customers AccessExclusiveLock
failure: something stays
"""

from alembic import op

revision = "add_unique_by_concurrent_index"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_customers_email",
            "customers",
            ["email"],
            unique=True,
            postgresql_concurrently=True,
        )
    op.execute(
        "ALTER TABLE customers ADD CONSTRAINT uq_customers_email"
        " UNIQUE USING INDEX uq_customers_email"
    )
