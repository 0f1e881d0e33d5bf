"""Sessions with the database."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from app.settings import settings


@lru_cache
def engine() -> Engine:
    return create_engine(
        settings().sqlalchemy_url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 3},
    )


def session() -> Iterator[Session]:
    with Session(engine()) as opened:
        yield opened


DatabaseSession = Annotated[Session, Depends(session)]
