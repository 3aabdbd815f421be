"""ALERTING_* environment."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, SecretStr, model_validator
from takt.alerting.domain.deviation import Limits
from takt.common.settings import Settings, config


class AlertingSettings(Settings):
    """What alerting needs to know beside what every service does."""

    model_config = config("ALERTING_")

    webhook_keys: tuple[SecretStr, ...] = ()
    """Fernet keys that encrypt webhook secrets, the current one first; without one there are no
    webhooks, and production does not start."""
    webhook_allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """CIDR ranges of receivers on the premises, where http and private addresses pass."""
    role_addresses: dict[str, str] = Field(default_factory=dict)
    """Mail address by role, for invitations."""
    relative_limit: Decimal = Limits().relative
    minimum_volume: Decimal = Limits().minimum_volume
    minimum_value: Decimal = Limits().minimum_value

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
