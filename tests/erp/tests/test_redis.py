"""What goes through Redis: its health, and Celery's tasks. Needs Redis at REDIS_URL, and a migrated
PostgreSQL at DATABASE_URL."""

import re
from collections.abc import Iterator
from queue import Queue
from time import sleep
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from celery.signals import task_postrun, task_success
from fastapi.testclient import TestClient
from redis import Redis

from app.health import check_redis, checks
from app.main import app
from app.settings import settings
from app.worker import app as celery
from app.worker import heartbeat, tell_what_is_overdue


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(settings().redis_url.get_secret_value()) as redis:
        redis.delete("celery")
        yield redis
        redis.delete("celery")


def test_redis_that_answers_makes_the_application_ready(client: TestClient) -> None:
    app.dependency_overrides[checks] = lambda: {"redis": check_redis}
    assert client.get("/healthz/ready").json() == {"status": "ok", "checks": {"redis": "ok"}}


def test_a_task_waits_in_redis_until_a_worker_takes_it(redis: Redis) -> None:
    tell_what_is_overdue.delay()
    assert redis.llen("celery") == 1

    results: Queue[Any] = Queue()

    @task_success.connect
    def succeeded(result: Any, **_: Any) -> None:
        results.put(result)

    with start_worker(celery, pool="solo", perform_ping_check=False):
        assert results.get(timeout=10) == 0
    assert redis.llen("celery") == 0


def test_a_task_tells_how_long_it_waited(redis: Redis, capfd: pytest.CaptureFixture[str]) -> None:
    heartbeat.apply_async(countdown=1)  # For later: its wait says nothing of the workers.
    sleep(2)
    heartbeat.delay()
    done: Queue[Any] = Queue()

    @task_postrun.connect
    def ended(**_: Any) -> None:
        done.put(None)

    with start_worker(celery, pool="solo", loglevel="INFO", perform_ping_check=False):
        for _ in range(2):
            done.get(timeout=10)
    # As it stands in the log: the metric filter of infra/app reads the fourth field.
    lines = [line for line in capfd.readouterr().err.splitlines() if "queue" in line]
    told = [re.fullmatch(r"\[[^]]+\] queue age (\d+\.\d+) seconds", line) for line in lines]
    assert [one and float(one[1]) < 10 for one in told] == [True]
