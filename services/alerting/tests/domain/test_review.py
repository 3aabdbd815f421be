from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from takt.alerting.domain import review
from takt.alerting.domain.review import Action, Decision, ReviewRefusedError, Slot, propose_slot

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def opened():
    return review.open_review(
        UUID(int=1),
        scope="product=kettle",
        level="product",
        title="kettle",
        direction="under",
        now=NOW,
        zone=BERLIN,
    )


def decided():
    return review.decide(opened(), Decision("cut the forecast", "ann", NOW))


def test_the_proposed_slot_is_the_next_business_day_at_ten_local_time():
    slot = propose_slot(NOW, BERLIN)
    assert slot.starts_at == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert slot.ends_at - slot.starts_at == timedelta(minutes=30)


def test_a_friday_breach_meets_on_monday_and_summer_time_is_kept():
    friday = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
    assert propose_slot(friday, BERLIN).starts_at == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)


def test_a_holiday_is_skipped():
    slot = propose_slot(NOW, BERLIN, frozenset({date(2026, 11, 26)}))
    assert slot.starts_at.date() == date(2026, 11, 27)


def test_the_day_is_the_companys_not_utc():
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # already the 26th in Berlin
    assert propose_slot(late, BERLIN).starts_at.date() == date(2026, 11, 27)


def test_an_opened_review_has_an_owner_among_the_invited_roles():
    assert opened().state == "open"
    assert opened().owner in opened().roles


def test_a_parent_joins_once():
    joined = review.join(opened(), "total")
    assert joined.joined == ("total",)
    assert joined.revision == 2
    assert review.join(joined, "total") is joined
    assert review.join(opened(), "product=kettle").joined == ()


def test_a_review_goes_from_decision_to_outcome():
    done = review.close(decided(), "forecast cut by a fifth", NOW)
    assert (done.state, done.outcome, done.closed_at) == ("closed", "forecast cut by a fifth", NOW)
    assert done.revision == 3


def test_nothing_closes_without_a_decision():
    with pytest.raises(ReviewRefusedError, match="record a decision"):
        review.close(opened(), "none", NOW)


def test_a_closed_review_takes_nothing_more():
    done = review.close(decided(), "done", NOW)
    with pytest.raises(ReviewRefusedError, match="is closed"):
        review.decide(done, Decision("again", "ann", NOW))


def test_an_action_due_in_the_past_is_refused():
    action = Action(UUID(int=2), "call the dealer", "bob", date(2026, 11, 24))
    with pytest.raises(ReviewRefusedError, match="is past"):
        review.add_action(opened(), action, NOW.date())


def test_an_action_is_done_once():
    action = Action(UUID(int=2), "call the dealer", "bob", date(2026, 11, 30))
    with_action = review.add_action(opened(), action, NOW.date())
    done = review.complete_action(with_action, action.id, NOW)
    assert done.actions[0].done_at == NOW
    assert review.complete_action(done, action.id, NOW + timedelta(days=1)) is done
    with pytest.raises(ReviewRefusedError, match="has no action"):
        review.complete_action(done, UUID(int=9), NOW)


def test_a_meeting_cannot_be_moved_into_the_past():
    with pytest.raises(ReviewRefusedError, match="lie ahead"):
        review.reschedule(opened(), Slot(NOW - timedelta(hours=1), NOW), NOW)
    later = Slot(NOW + timedelta(days=2), NOW + timedelta(days=2, hours=1))
    assert review.reschedule(opened(), later, NOW).slot == later
