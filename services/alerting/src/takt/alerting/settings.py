"""ALERTING_* environment."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from takt.alerting.domain.deviation import Limits
from takt.common.settings import Settings, config


class AlertingSettings(Settings):
    """What alerting needs to know beside what every service does."""

    model_config = config("ALERTING_")

    webhook_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Fernet keys that encrypt webhook secrets, separated by commas, the current one first; without
    one there are no webhooks, and production does not start."""
    webhook_allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """CIDR ranges of receivers on the premises, where http and private addresses pass."""
    role_addresses: dict[str, str] = Field(default_factory=dict)
    """Mail address by role, for invitations."""
    relative_limit: Decimal = Limits().relative
    minimum_volume: Decimal = Limits().minimum_volume
    minimum_value: Decimal = Limits().minimum_value

    @field_validator("webhook_keys", "webhook_allowed_networks", mode="before")
    @classmethod
    def _separate(cls, given: object) -> object:
        return given.replace(",", " ").split() if isinstance(given, str) else given

    @model_validator(mode="after")
    def _keys_in_production(self) -> AlertingSettings:
        if self.environment == "production" and not self.webhook_keys:
            raise ValueError("production needs ALERTING_WEBHOOK_KEYS to encrypt webhook secrets")
        return self

    @property
    def limits(self) -> Limits:
        """What counts as a deviation."""
        return Limits(
            relative=self.relative_limit,
            minimum_volume=self.minimum_volume,
            minimum_value=self.minimum_value,
        )
