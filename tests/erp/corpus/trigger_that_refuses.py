"""Only the next version knows how to write invoices.

verdict: breaking
risks: breaking
upgrade: works
old code: invoices_are_written
locks: invoices ShareRowExclusiveLock
failure: undone
"""

from alembic import op

revision = "trigger_that_refuses"
down_revision = "5fa2d8b7c614"


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION demand_due_date() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.due_on IS NULL THEN
                RAISE EXCEPTION 'an invoice needs a date';
            END IF;
            RETURN NEW;
        END;
        $$
        """)
    op.execute(
        "CREATE TRIGGER demand_due_date BEFORE INSERT ON invoices"
        " FOR EACH ROW EXECUTE FUNCTION demand_due_date()"
    )
