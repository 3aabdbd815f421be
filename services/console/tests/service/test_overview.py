"""What the status page says in a sentence, and which forecast it shows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from takt.common.bus import Record
from takt.common.bus.postgres import PostgresLog
from takt.common.contracts.forecast import ForecastChanged
from takt.common.event import Cause, Envelope, new_id
from takt.common.ops import ConsumerStatus
from takt.console.schemas import DoorStatus, ServiceStatus
from takt.console.service.feed import Feed
from takt.console.service.overview import headline, last_forecast

from ..small_services import forecast  # noqa: TID252 - the builders of this folder

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def status(*services: ServiceStatus, waiting_for: str | None = None) -> DoorStatus:
    return DoorStatus(
        version="1", now=NOON, wall_time=NOON, waiting_for=waiting_for, services=list(services)
    )


def up(name: str = "deals", **known: Any) -> ServiceStatus:
    return ServiceStatus(name=name, up=True, **known)


def down(name: str) -> ServiceStatus:
    return ServiceStatus(name=name, up=False, problem="no answer")


STUCK = ConsumerStatus(
    group="takt.finance", lag=3, handled=0, repeated=0, quarantined=0, unknown={},
    waiting_for="a lock", last_handled_at=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (status(up()), "Everything runs."),
        (status(up(), down("finance")), "Finance does not answer."),
        (
            status(down("deals"), down("finance"), down("forecast")),
            "Deals, finance and forecast do not answer.",
        ),
        (status(up(), waiting_for="refused"), "The log cannot be reached."),
        (status(up(consumers=[STUCK])), "Takt.finance cannot go on."),
        (status(up(outbox_oldest_seconds=61)), "Events of deals wait to be sent."),
        (status(up(outbox_oldest_seconds=59)), "Everything runs."),
        (status(up(dead_letters=1)), "1 dead letter waits."),
        (status(up(dead_letters=1), up(dead_letters=2)), "3 dead letters wait."),
    ],
)
def test_the_headline_says_what_is_not_well(found: DoorStatus, said: str) -> None:
    assert headline(found) == (said, said == "Everything runs.")


def changed(event: ForecastChanged, at: datetime, position: int) -> Record:
    envelope = Envelope(event, new_id(), at, Cause.start(), "/takt/forecast")
    return Record(event.topic, 0, position, event.key, envelope.headers(), envelope.body().encode())


def test_of_the_forecasts_that_changed_last_the_one_worth_most_is_shown() -> None:
    feed = Feed(PostgresLog("postgresql://nowhere/x"), own=False)
    assert last_forecast(feed) is None
    long_ago = NOON - timedelta(minutes=5)
    feed.add(
        [
            changed(forecast("yesterday's favourite", Decimal(900)), long_ago, 0),
            changed(forecast("large", Decimal(90)), NOON - timedelta(seconds=2), 1),
            changed(forecast("small", Decimal(9)), NOON, 2),
        ]
    )
    shown = last_forecast(feed)
    assert shown is not None
    assert shown.product == "large"
