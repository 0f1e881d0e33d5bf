"""What several tests need: the application's client, and a user who can log in."""

import os
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.api.auth import hash_password
from app.database import engine
from app.health import check_database, checks
from app.main import app
from app.models import User, UserRole


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The application with its database; Redis and Elasticsearch are taken as answering."""
    app.dependency_overrides[checks] = lambda: {
        "database": check_database,
        "redis": lambda: None,
        "elasticsearch": lambda: None,
    }
    yield TestClient(app)
    app.dependency_overrides.clear()


@pytest.fixture
def credentials() -> Iterator[dict[str, str]]:
    """Those of Ada, who is gone when the test is over."""
    password = "correct horse battery staple"
    with Session(engine()) as session:
        ada = User(
            email="ada@example.com",
            full_name="Ada",
            password_hash=hash_password(password, os.urandom(16)),
            role=UserRole.accountant,
        )
        session.add(ada)
        session.commit()
        yield {"email": ada.email, "password": password}
        session.delete(ada)
        session.commit()
