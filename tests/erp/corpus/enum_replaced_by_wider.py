"""The same way, with all the old values and one more.

verdict: additive
risks: locking
upgrade: works
old code: works
locks: users AccessExclusiveLock, users ShareLock
failure: undone
"""

from alembic import op

revision = "enum_replaced_by_wider"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("ALTER TYPE user_role RENAME TO user_role_old")
    op.execute("CREATE TYPE user_role AS ENUM ('clerk', 'accountant', 'admin', 'auditor')")
    op.execute("ALTER TABLE users ALTER COLUMN role DROP DEFAULT")
    op.execute("ALTER TABLE users ALTER COLUMN role TYPE user_role USING role::text::user_role")
    op.execute("ALTER TABLE users ALTER COLUMN role SET DEFAULT 'clerk'")
    op.execute("DROP TYPE user_role_old")
