"""Celery: `celery -A app.worker worker`, and exactly one `celery -A app.worker beat`."""

from celery import Celery
from celery.schedules import crontab
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import engine
from app.models import Invoice
from app.settings import settings

app = Celery("erp", broker=settings().redis_url.get_secret_value())
app.conf.update(
    # A task that a worker did not end before it was killed is given to another one.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    timezone="Europe/Berlin",
    beat_schedule={
        "tell-what-is-overdue": {
            "task": "erp.tell_what_is_overdue",
            "schedule": crontab(hour="7", minute="0"),
        },
    },
)


@app.task(name="erp.tell_what_is_overdue")
def tell_what_is_overdue() -> int:
    """Count the invoices that should have been paid by now. Safe to run twice."""
    overdue = select(func.count()).where(Invoice.due_on < func.current_date(), ~Invoice.paid)
    with Session(engine()) as session:
        return session.scalar(overdue) or 0
