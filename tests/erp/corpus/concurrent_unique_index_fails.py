"""Two rows have the same value: the build ends with an error and leaves an invalid index behind.

verdict: breaking
risks: breaking not-transactional
upgrade: fails
old code: works
locks: none
failure: an invalid index stays
"""

from alembic import op

revision = "concurrent_unique_index_fails"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_customers_country",
            "customers",
            ["country"],
            unique=True,
            postgresql_concurrently=True,
        )
