"""Settings shared by the services: from the environment, or from files of /run/secrets.

A service's own settings extend `Settings` with a prefix such as `DEALS_`; what all share begins
with TAKT_.
"""

import ssl
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
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
        hide_input_in_errors=True,  # it may be a password
    )


def _shared(name: str) -> AliasChoices:
    return AliasChoices(name, f"TAKT_{name.upper()}", f"takt_{name}")


class KafkaSecurity(BaseSettings):
    """How a Kafka that is not our own is entered: encrypted, and with a name and a password."""

    model_config = config("TAKT_")

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = Field(
        "PLAINTEXT", validation_alias=_shared("kafka_security_protocol")
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256"] = Field(
        "SCRAM-SHA-512", validation_alias=_shared("kafka_sasl_mechanism")
    )
    kafka_user: str | None = Field(None, validation_alias=_shared("kafka_user"))
    kafka_password: SecretStr | None = Field(None, validation_alias=_shared("kafka_password"))
    """In a file: /run/secrets/takt_kafka_password."""
    kafka_ca_file: Path | None = Field(None, validation_alias=_shared("kafka_ca_file"))
    """Of the authority that vouches for the brokers; without it those that the system knows."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        protocol = f"TAKT_KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}"
        named = {"TAKT_KAFKA_USER": self.kafka_user, "TAKT_KAFKA_PASSWORD": self.kafka_password}
        if self.kafka_security_protocol == "SASL_SSL":
            if missing := [name for name, value in named.items() if not value]:
                raise ValueError(
                    f"{protocol}, and there is no {' and no '.join(missing)}: set it in the "
                    "environment, or in a file of that name in small letters in /run/secrets"
                )
        elif given := [name for name, value in named.items() if value]:
            raise ValueError(
                f"{' and '.join(given)} would not be used, since {protocol}: "
                "make it SASL_SSL, or leave the name and the password out"
            )
        if self.kafka_ca_file is not None:
            if self.kafka_security_protocol == "PLAINTEXT":
                raise ValueError(
                    f"TAKT_KAFKA_CA_FILE would not be used, since {protocol}: "
                    "make it SSL or SASL_SSL, or leave the file out"
                )
            try:
                ssl.create_default_context(cafile=self.kafka_ca_file)
            except OSError as error:
                raise ValueError(
                    f"TAKT_KAFKA_CA_FILE {self.kafka_ca_file} cannot be read: {error}; "
                    "name a PEM file with the certificate of the brokers' authority"
                ) from error
        return self

    def kafka_connection(self) -> dict[str, Any]:
        """The settings of aiokafka's clients; none for plain text."""
        if self.kafka_security_protocol == "PLAINTEXT":
            return {}
        encrypted = {
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": ssl.create_default_context(cafile=self.kafka_ca_file),
        }
        if self.kafka_security_protocol == "SSL" or self.kafka_password is None:
            return encrypted
        return encrypted | {
            "sasl_mechanism": self.kafka_sasl_mechanism,
            "sasl_plain_username": self.kafka_user,
            "sasl_plain_password": self.kafka_password.get_secret_value(),
        }


class SharedSettings(KafkaSecurity):
    """What every process needs to know, also the door, which has no database."""

    model_config = config("TAKT_")

    access_url: SecretStr = Field(validation_alias=_shared("access_url"))
    """The keys: takt_access, a role that may only read."""
    log_url: SecretStr | None = Field(None, validation_alias=_shared("log_url"))
    """The log in PostgreSQL; or"""
    kafka: str | None = Field(None, validation_alias=_shared("kafka"))
    """Kafka, host:port."""
    kafka_replication: int = Field(1, validation_alias=_shared("kafka_replication"))
    """Copies of each partition: 3 in production, of which two must be there for a write."""
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
