"""Logging in, and who is logged in."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, HTTPException, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import select

from app.database import DatabaseSession
from app.models import User
from app.settings import settings

router = APIRouter(prefix="/auth", tags=["auth"])
bearer = HTTPBearer(auto_error=False)


class Credentials(BaseModel):
    email: str
    password: str


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


def hash_password(password: str, salt: bytes) -> str:
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"{salt.hex()}${digest.hex()}"


def is_password(password: str, stored: str) -> bool:
    salt, _, _ = stored.partition("$")
    return hmac.compare_digest(hash_password(password, bytes.fromhex(salt)), stored)


def refused(detail: str) -> HTTPException:
    return HTTPException(
        status.HTTP_401_UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"}
    )


@router.post("/login")
def login(credentials: Credentials, session: DatabaseSession) -> Token:
    user = session.scalar(select(User).where(User.email == credentials.email, User.is_active))
    if user is None or not is_password(credentials.password, user.password_hash):
        raise refused("wrong email or password")
    until = datetime.now(UTC) + timedelta(minutes=settings().access_token_expire_minutes)
    claims = {"sub": user.email, "role": user.role.value, "exp": until}
    key = settings().secret_key.get_secret_value()
    return Token(access_token=jwt.encode(claims, key, algorithm="HS256"))


def logged_in(token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> str:
    """The email of whoever asks."""
    if token is None:
        raise refused("log in first")
    try:
        key = settings().secret_key.get_secret_value()
        return str(jwt.decode(token.credentials, key, algorithms=["HS256"])["sub"])
    except (jwt.InvalidTokenError, KeyError) as error:
        raise refused("log in again") from error
