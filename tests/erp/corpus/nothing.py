"""An empty revision: somebody changed their mind.

verdict: additive
risks: none
upgrade: works
old code: works
locks: none
failure: undone
"""

revision = "nothing"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    pass
