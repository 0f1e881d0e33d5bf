"""First of three releases: both names, kept alike by a trigger until the old one is let go. Whether
a trigger refuses what the running version writes, its name does not tell.

verdict: breaking
risks: breaking locking
upgrade: works
old code: works
locks: products AccessExclusiveLock, products ShareRowExclusiveLock
failure: undone
"""

import sqlalchemy as sa
from alembic import op

revision = "rename_column_in_steps"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.add_column("products", sa.Column("title", sa.String(200)))
    op.execute("""
        CREATE FUNCTION products_title() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.title := coalesce(NEW.title, NEW.name);
            RETURN NEW;
        END;
        $$
        """)
    op.execute(
        "CREATE TRIGGER products_title BEFORE INSERT OR UPDATE ON products"
        " FOR EACH ROW EXECUTE FUNCTION products_title()"
    )
    op.execute("UPDATE products SET title = name WHERE title IS NULL")
