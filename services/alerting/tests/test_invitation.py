from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar

from takt.alerting.domain import review
from takt.alerting.invitation import invitation

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
OPENED = review.open_review(
    UUID(int=7),
    scope="product=kettle",
    level="product",
    title="kettle; 50 % off, äöü",
    direction="under",
    now=NOW,
    zone=ZoneInfo("Europe/Berlin"),
)
ADDRESSES = {"demand-planner": "ann@example.com"}


def event_of(changed):
    calendar = Calendar.from_ical(invitation(changed, ADDRESSES, NOW))
    assert calendar["METHOD"] == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    return event


def test_a_calendar_reads_the_invitation_as_it_was_meant():
    event = event_of(OPENED)
    assert event["UID"] == f"{UUID(int=7)}@takt.invalid"
    assert event["SEQUENCE"] == 0
    assert event.decoded("DTSTART") == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=30)
    assert str(event["SUMMARY"]) == "Review: kettle; 50 % off, äöü"
    assert str(event["ORGANIZER"]) == "mailto:ann@example.com"
    attendees = event["ATTENDEE"]
    assert [a.params["ROLE"] for a in attendees].count("CHAIR") == 1
    assert str(attendees[1]) == "mailto:product-manager@takt.invalid"


def test_a_moved_meeting_is_the_same_event_with_a_higher_sequence():
    start = NOW + timedelta(days=3)
    moved = review.reschedule(OPENED, review.Slot(start, start + timedelta(hours=1)), NOW)
    before, after = event_of(OPENED), event_of(moved)
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert after.decoded("DTSTART") == start


def test_what_was_decided_stands_in_the_description():
    decided = review.decide(OPENED, review.Decision("cut, by a fifth", "ann", NOW))
    assert "Decided: cut, by a fifth" in str(event_of(decided)["DESCRIPTION"])
