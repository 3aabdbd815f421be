"""What follows an attempt to deliver a webhook: done, again at a stated time, or an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""Delay before each attempt, counted from the one before it."""

LEAST_JITTER, MOST_JITTER = 0.0, 0.1
"""An attempt comes up to a tenth of its delay later, never earlier."""

LONGEST_RETRY_AFTER = timedelta(hours=10)
"""A receiver can ask for no longer pause than the schedule's own longest."""

FAILING_FOR = timedelta(days=5)
"""An endpoint that only failed for this long is disabled."""

GONE, TOO_MANY_REQUESTS, UNAVAILABLE = 410, 429, 503


class Step(StrEnum):
    """What to do next."""

    DELIVERED = "delivered"
    RETRY = "retry"
    EXHAUSTED = "exhausted"
    DISABLE_GONE = "disable-gone"
    DISABLE_FAILING = "disable-failing"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt brought: a status, or an error when there was none."""

    status: int | None = None
    error: str | None = None
    retry_after: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver accepted; a redirect is not followed and is a failure."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Next:
    """The step, with the time of the next attempt where there is one."""

    step: Step
    at: datetime | None = None


def delay_before(attempt: int, jitter: float) -> timedelta:
    """Pause before the attempt of this number.

    Args:
        attempt: from 1 to `len(SCHEDULE)`.
        jitter: a share of the delay, in [LEAST_JITTER, MOST_JITTER].

    Raises:
        ValueError: the jitter is out of its bounds.
    """
    if not LEAST_JITTER <= jitter <= MOST_JITTER:
        raise ValueError(f"jitter {jitter} is not in [{LEAST_JITTER}, {MOST_JITTER}]")
    return SCHEDULE[attempt - 1] * (1 + jitter)


def next_step(
    attempt: int,
    answer: Answer,
    *,
    now: datetime,
    failing_since: datetime | None,
    jitter: float,
) -> Next:
    """Decide after an attempt.

    Args:
        attempt: number of the attempt that was made, from 1.
        answer: what it brought.
        now: when it ended.
        failing_since: first failure of the endpoint after its last success, this one included.
        jitter: as in `delay_before`.
    """
    if answer.delivered:
        return Next(Step.DELIVERED)
    if answer.status == GONE:
        return Next(Step.DISABLE_GONE)
    if failing_since is not None and now - failing_since >= FAILING_FOR:
        return Next(Step.DISABLE_FAILING)
    if attempt >= len(SCHEDULE):
        return Next(Step.EXHAUSTED)
    pause = delay_before(attempt + 1, jitter)
    if answer.status in (TOO_MANY_REQUESTS, UNAVAILABLE):
        pause = max(pause, _asked_pause(answer.retry_after, now))
    return Next(Step.RETRY, now + pause)


def _asked_pause(retry_after: str | None, now: datetime) -> timedelta:
    """Retry-After as a pause, in seconds or as an HTTP date, at most `LONGEST_RETRY_AFTER`."""
    if retry_after is None:
        return timedelta(0)
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        asked = timedelta(seconds=min(int(text[:9]), 10**8))
    else:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return timedelta(0)
        asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(asked, LONGEST_RETRY_AFTER)
