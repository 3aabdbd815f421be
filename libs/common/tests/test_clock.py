"""Business time."""

from datetime import UTC, datetime, timedelta

import pytest

from takt.common.clock import Clock


def test_a_clock_that_was_set_ticks_on() -> None:
    instant = datetime(2017, 12, 31, 9, tzinfo=UTC)
    clock = Clock.as_of(instant)
    first, second = clock.now(), clock.now()
    assert instant <= first <= second < instant + timedelta(minutes=1)


def test_a_clock_that_was_not_set_reads_the_real_time() -> None:
    assert abs(Clock.as_of(None).now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        Clock.as_of(datetime(2017, 12, 31))  # noqa: DTZ001
