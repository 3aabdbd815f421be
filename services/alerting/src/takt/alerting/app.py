"""Wires alerting: the only place that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI

from takt.alerting.api import alerts, deviations, reviews, webhooks
from takt.alerting.consumers import consumer
from takt.alerting.domain.deviation import Limits
from takt.alerting.sender import Sender
from takt.alerting.service import deliveries
from takt.alerting.service import deviations as judging
from takt.alerting.service.deliveries import Outgoing
from takt.alerting.settings import AlertingSettings
from takt.alerting.vault import Vault
from takt.common.app import Part, create_app
from takt.common.bus import Log
from takt.common.clock import Clock
from takt.common.db import Database
from takt.common.event import Cause
from takt.common.jobs import Schedule
from takt.common.migrations import migrations_of

DAILY_CHECK = "check-deviations"
LOOK_AGAIN = timedelta(hours=1)
"""How often the daily check is looked at: when the company's day begins is known only by then."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an installation chooses."""

    limits: Limits = field(default_factory=Limits)
    outgoing: Outgoing = field(default_factory=Outgoing)
    role_addresses: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: AlertingSettings) -> Configuration:
        """The configuration that the settings give."""
        keys = [key.get_secret_value() for key in settings.webhook_keys]
        sender = Sender(allowed=settings.webhook_allowed_networks)
        return cls(settings.limits, Outgoing(sender, Vault(keys)), settings.role_addresses)


def wire(configuration: Configuration) -> Part:
    """Alerting, put together for an installation."""

    async def start(app: FastAPI) -> None:
        app.state.limits = configuration.limits
        app.state.outgoing = configuration.outgoing
        app.state.role_addresses = configuration.role_addresses

    async def check_daily(database: Database, payload: dict[str, Any], now: datetime) -> None:
        async with database.transaction() as tx:
            await judging.check_daily(tx, now, configuration.limits, Cause.start())
            await deliveries.prune(tx)

    return Part(
        name="alerting",
        title="Alerting",
        migrations=migrations_of(__file__),
        routers=(deviations.router, alerts.router, reviews.router, webhooks.router),
        consumers=(consumer(configuration.limits),),
        jobs={
            deliveries.JOB: partial(deliveries.deliver, outgoing=configuration.outgoing),
            deliveries.SWEEP: deliveries.sweep,
            DAILY_CHECK: check_daily,
        },
        schedules=(
            Schedule(DAILY_CHECK, every=LOOK_AGAIN),
            Schedule(deliveries.SWEEP, every=deliveries.OVERDUE),
        ),
        trace_steps=deliveries.trace_attempts,
        start=start,
    )


PART = wire(Configuration())
"""Alerting as it is without settings: its name, migrations and routes, but no key for webhooks."""


def create(
    settings: AlertingSettings | None = None, *, log: Log | None = None, clock: Clock | None = None
) -> FastAPI:
    """The app, with settings from the environment when none are given."""
    settings = settings or AlertingSettings()
    return create_app(wire(Configuration.of(settings)), settings, log=log, clock=clock)
