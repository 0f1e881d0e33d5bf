"""Celery: `celery -A app.worker worker`, and exactly one `celery -A app.worker beat`."""

import logging
from time import time
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import before_task_publish, task_prerun
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import engine
from app.models import Invoice
from app.settings import settings

log = logging.getLogger(__name__)

app = Celery("erp", broker=settings().redis_url.get_secret_value())
app.conf.update(
    # A task that a worker did not end before it was killed is given to another one.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    timezone="Europe/Berlin",
    beat_schedule={
        "heartbeat": {"task": "erp.heartbeat", "schedule": 60.0},
        "tell-what-is-overdue": {
            "task": "erp.tell_what_is_overdue",
            "schedule": crontab(hour="7", minute="0"),
        },
    },
)


@before_task_publish.connect
def stamp(headers: dict[str, Any], **_: Any) -> None:
    headers["sent_at"] = time()


@task_prerun.connect
def report_wait(task: Task[..., Any], **_: Any) -> None:
    """Log how long the task waited for a worker. infra/app makes a metric of this very line."""
    sent_at = task.request.get("sent_at")
    # A retry, or a task for later, waits because it is told to.
    if sent_at is not None and task.request.eta is None:
        log.info("queue age %.3f seconds", time() - sent_at)


@app.task(name="erp.heartbeat")
def heartbeat() -> None:
    """Do nothing: each minute it shows how long a task waits, or that none is sent or taken."""


@app.task(name="erp.tell_what_is_overdue")
def tell_what_is_overdue() -> int:
    """Count the invoices that should have been paid by now. Safe to run twice."""
    overdue = select(func.count()).where(Invoice.due_on < func.current_date(), ~Invoice.paid)
    with Session(engine()) as session:
        return session.scalar(overdue) or 0
