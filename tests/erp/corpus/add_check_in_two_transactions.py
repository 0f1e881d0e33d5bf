"""The rule holds for new rows at once. Old ones are looked at afterwards, when the lock is let go.

verdict: breaking
risks: breaking not-transactional
upgrade: works
old code: works
locks: none
failure: something stays
"""

from alembic import op

revision = "add_check_in_two_transactions"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "ALTER TABLE products ADD CONSTRAINT price_is_no_debt CHECK (price >= 0) NOT VALID"
        )
        op.execute("ALTER TABLE products VALIDATE CONSTRAINT price_is_no_debt")
