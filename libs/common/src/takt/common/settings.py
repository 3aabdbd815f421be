"""Settings shared by the services: from the environment, or from files of /run/secrets.

A service's own settings extend `Settings` with a prefix such as `DEALS_`; what all share begins
with TAKT_.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = Path("/run/secrets")


def config(prefix: str) -> SettingsConfigDict:
    """The configuration of a settings class whose variables begin with `prefix`."""
    return SettingsConfigDict(
        env_prefix=prefix,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )


def _shared(name: str) -> AliasChoices:
    return AliasChoices(name, f"TAKT_{name.upper()}", f"takt_{name}")


class SharedSettings(BaseSettings):
    """What every process needs to know, also the door, which has no database."""

    model_config = config("TAKT_")

    access_url: SecretStr = Field(validation_alias=_shared("access_url"))
    """The keys: takt_access, a role that may only read."""
    log_url: SecretStr | None = Field(None, validation_alias=_shared("log_url"))
    """The log in PostgreSQL; or"""
    kafka: str | None = Field(None, validation_alias=_shared("kafka"))
    """Kafka, host:port."""
    kafka_replication: int = Field(1, validation_alias=_shared("kafka_replication"))
    as_of: datetime | None = Field(None, validation_alias=_shared("as_of"))
    environment: Literal["development", "production"] = Field(
        "development", validation_alias=_shared("environment")
    )
    rate_limit: float = Field(2_000, validation_alias=_shared("rate_limit"))
    """Requests a second that a key may make of this service."""
    host: str = Field("127.0.0.1", validation_alias=_shared("host"))
    port: int = Field(8000, validation_alias=_shared("port"))


class Settings(SharedSettings):
    """What every service needs to know."""

    database_url: SecretStr
    """The service's own database."""
    pool_size: int = 5
