from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.alerting.domain.delivery import (
    FAILING_FOR,
    LEAST_JITTER,
    LONGEST_RETRY_AFTER,
    MOST_JITTER,
    SCHEDULE,
    Answer,
    Step,
    delay_before,
    next_step,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
jitters = st.floats(LEAST_JITTER, MOST_JITTER)


def after(attempt, answer, jitter=0.0, failing_since=NOW, now=NOW):
    return next_step(attempt, answer, now=now, failing_since=failing_since, jitter=jitter)


def test_the_schedule_is_the_promised_one():
    assert [delay.total_seconds() for delay in SCHEDULE] == [
        0, 5, 300, 1800, 7200, 18000, 36000, 36000,
    ]  # fmt: skip


def test_a_receiver_that_always_fails_gets_eight_attempts_over_twenty_seven_hours():
    now, times = NOW, [NOW]
    while (step := after(len(times), Answer(status=500), now=now)).step is Step.RETRY:
        now = step.at
        times.append(now)
    assert step.step is Step.EXHAUSTED
    assert len(times) == 8
    assert times[-1] - NOW == timedelta(hours=27, minutes=35, seconds=5)


@given(st.integers(1, 8), jitters)
def test_jitter_only_delays_and_by_a_tenth_at_most(attempt, jitter):
    pause = delay_before(attempt, jitter)
    assert SCHEDULE[attempt - 1] <= pause <= SCHEDULE[attempt - 1] * 1.1


def test_jitter_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match="jitter"):
        delay_before(2, 0.2)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_success_delivers(status):
    assert after(1, Answer(status=status)).step is Step.DELIVERED


@pytest.mark.parametrize("answer", [Answer(status=s) for s in (302, 400, 404, 500)] + [Answer()])
def test_a_redirect_an_error_and_silence_are_tried_again(answer):
    assert after(1, answer).step is Step.RETRY


def test_gone_disables_at_once():
    assert after(1, Answer(status=410)).step is Step.DISABLE_GONE


def test_too_many_requests_waits_as_long_as_was_asked():
    assert after(1, Answer(status=429, retry_after="120")).at == NOW + timedelta(seconds=120)
    date = "Mon, 23 Nov 2026 12:10:00 GMT"
    assert after(1, Answer(status=429, retry_after=date)).at == NOW + timedelta(minutes=10)


@pytest.mark.parametrize("asked", ["0", "-5", "soon", "", "Mon, 23 Nov 2020 12:10:00 GMT", "²"])
def test_a_wait_that_makes_no_sense_leaves_the_schedule(asked):
    assert after(1, Answer(status=429, retry_after=asked)).at == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("asked", ["99999999999999", "Mon, 23 Nov 2099 12:10:00 GMT"])
def test_a_wait_without_end_is_cut(asked):
    assert after(1, Answer(status=429, retry_after=asked)).at == NOW + LONGEST_RETRY_AFTER


def test_only_busy_receivers_choose_the_pause():
    assert after(1, Answer(status=500, retry_after="3600")).at == NOW + timedelta(seconds=5)


def test_five_failing_days_disable_the_endpoint():
    answer = Answer(error="refused")
    almost = NOW - FAILING_FOR + timedelta(seconds=1)
    assert after(1, answer, failing_since=almost).step is Step.RETRY
    assert after(1, answer, failing_since=NOW - FAILING_FOR).step is Step.DISABLE_FAILING
