"""The application answers what Sluice's smoke tests in sluice.toml ask.

Needs a migrated PostgreSQL at DATABASE_URL. Redis and Elasticsearch are taken as answering.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.health import check_database, checks
from app.main import app
from app.worker import app as celery
from app.worker import tell_what_is_overdue

SMOKE_TESTS = tomllib.loads((Path(__file__).parents[1] / "sluice.toml").read_text())["smoke_tests"]


def at(document: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        document = document[key]
    return document


@pytest.mark.parametrize("smoke_test", SMOKE_TESTS, ids=lambda test: test["name"])
def test_what_sluice_asks(client: TestClient, smoke_test: dict[str, Any]) -> None:
    response = client.request(smoke_test.get("method", "GET"), smoke_test["path"])
    assert response.status_code == smoke_test.get("status", 200)
    for pointer, value in smoke_test.get("json", {}).items():
        assert at(response.json(), pointer) == value


def test_what_does_not_answer_makes_it_unready(client: TestClient) -> None:
    def broken() -> None:
        raise ConnectionError("redis://user:password@redis")

    app.dependency_overrides[checks] = lambda: {"database": check_database, "redis": broken}
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert response.json() == {
        "status": "failed",
        "checks": {"database": "ok", "redis": "failed"},
    }


def test_beat_sends_only_tasks_that_there_are() -> None:
    sent = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert sent <= set(celery.tasks)
    assert tell_what_is_overdue() >= 0
