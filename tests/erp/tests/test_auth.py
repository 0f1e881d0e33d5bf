"""Logging in, and what it opens. Needs a migrated PostgreSQL at DATABASE_URL."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from fastapi.testclient import TestClient

from app.settings import settings


def log_in(client: TestClient, credentials: dict[str, str]) -> tuple[int, str]:
    response = client.post("/api/v1/auth/login", json=credentials)
    return response.status_code, response.json().get("access_token", "")


def invoices(client: TestClient, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return client.get("/api/v1/invoices", headers=headers).status_code


def test_who_is_logged_in_sees_invoices(client: TestClient, credentials: dict[str, str]) -> None:
    status, token = log_in(client, credentials)
    assert status == 200
    assert invoices(client, token) == 200


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "nobody@example.com"}])
def test_a_wrong_password_and_a_wrong_address_are_refused_alike(
    client: TestClient, credentials: dict[str, str], wrong: dict[str, str]
) -> None:
    assert log_in(client, credentials | wrong) == (401, "")


def test_an_expired_or_forged_token_opens_nothing(client: TestClient) -> None:
    soon, ago = timedelta(minutes=5), timedelta(minutes=-5)
    key = settings().secret_key.get_secret_value()
    for until, signed_with in [(ago, key), (soon, "another key: thirty-two characters")]:
        claims = {"sub": "ada@example.com", "exp": datetime.now(UTC) + until}
        assert invoices(client, jwt.encode(claims, signed_with, algorithm="HS256")) == 401
