"""The iCalendar invitation of a review (RFC 5545, 5546): one event, updated by its SEQUENCE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from icalendar import Calendar, Event, vCalAddress, vText

from takt.alerting.domain.review import Review

DOMAIN = "takt.invalid"


def invitation(review: Review, addresses: Mapping[str, str], now: datetime) -> bytes:
    """The invitation to a review's meeting, as the file that calendars take.

    Args:
        review: a closed one gives the same event again, as it was last proposed.
        addresses: mail address by role; a role without one is invited by a placeholder that no
            mail reaches, so that the organiser sees who was meant.
        now: when the invitation is made.
    """
    event = Event()
    event.add("uid", f"{review.id}@{DOMAIN}")
    event.add("sequence", review.revision - 1)
    event.add("dtstamp", now)
    event.add("created", review.opened_at)
    event.add("dtstart", review.slot.starts_at)
    event.add("dtend", review.slot.ends_at)
    event.add("summary", f"Review: {review.title}")
    event.add("description", _description(review))
    event.add("status", "CONFIRMED")
    event.add("organizer", _person(review.owner, addresses))
    for role in review.roles:
        attendee = _person(role, addresses)
        attendee.params["ROLE"] = vText("CHAIR" if role == review.owner else "REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("NEEDS-ACTION")
        attendee.params["RSVP"] = vText("TRUE")
        event.add("attendee", attendee)
    calendar = Calendar()
    calendar.add("prodid", "-//Takt//Alerting//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text


def _person(role: str, addresses: Mapping[str, str]) -> vCalAddress:
    person = vCalAddress(f"mailto:{addresses.get(role, f'{role}@{DOMAIN}')}")
    person.params["CN"] = vText(role.replace("-", " "))
    return person


def _description(review: Review) -> str:
    side = "below" if review.direction == "under" else "above"
    lines = [f"Sales of {review.title} are {side} the forecast."]
    if review.joined:
        lines.append(f"Explains: {', '.join(review.joined)}.")
    lines += [f"Decided: {decision.text}" for decision in review.decisions]
    lines += [f"Action: {a.text} ({a.owner}, due {a.due})" for a in review.actions]
    return "\n".join(lines)
