"""Whether the process lives, and whether what it needs answers."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from opensearchpy import OpenSearch
from redis import Redis
from sqlalchemy import text

from app.database import engine
from app.settings import settings

log = logging.getLogger(__name__)
router = APIRouter(prefix="/healthz", tags=["health"])

Check = Callable[[], object]


def check_database() -> None:
    with engine().connect() as connection:
        connection.execute(text("SELECT 1"))


def check_redis() -> None:
    url = settings().redis_url.get_secret_value()
    with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as redis:
        redis.ping()


def check_elasticsearch() -> None:
    url = settings().elasticsearch_url.get_secret_value()
    # Elastic's own client refuses every server that is not Elastic's, such as Amazon's OpenSearch.
    with OpenSearch(url, timeout=1, max_retries=0) as search:
        search.info()


def checks() -> dict[str, Check]:
    return {
        "database": check_database,
        "redis": check_redis,
        "elasticsearch": check_elasticsearch,
    }


def outcome(check: Check) -> str:
    # Whoever asks sees no reason, and the log no address: only what kind of error it is.
    try:
        check()
    except Exception as error:
        log.warning("%s failed: %s", getattr(check, "__name__", "check"), type(error).__name__)
        return "failed"
    return "ok"


@router.get("/live")
def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
def ready(
    response: Response, checks: Annotated[dict[str, Check], Depends(checks)]
) -> dict[str, object]:
    with ThreadPoolExecutor(len(checks)) as pool:
        outcomes = dict(zip(checks, pool.map(outcome, checks.values()), strict=True))
    healthy = all(result == "ok" for result in outcomes.values())
    if not healthy:
        response.status_code = 503
    return {"status": "ok" if healthy else "failed", "checks": outcomes}
