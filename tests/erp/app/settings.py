"""What the environment says. ECS puts the secrets there; nothing is read from files."""

from functools import lru_cache

from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    environment: str = "development"
    log_level: str = "info"
    database_url: SecretStr = SecretStr("postgresql://erp@localhost/erp")
    redis_url: SecretStr = SecretStr("redis://localhost:6379/0")
    elasticsearch_url: SecretStr = SecretStr("http://localhost:9200")
    secret_key: SecretStr = SecretStr("only for development: 32 characters")
    access_token_expire_minutes: int = 60

    @property
    def sqlalchemy_url(self) -> str:
        """The address as RDS gives it, with the driver that is installed."""
        scheme, rest = self.database_url.get_secret_value().split("://", 1)
        return f"{'postgresql+psycopg' if scheme.startswith('postgres') else scheme}://{rest}"


@lru_cache
def settings() -> Settings:
    return Settings()
