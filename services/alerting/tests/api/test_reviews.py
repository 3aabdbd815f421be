from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from icalendar import Calendar

from takt.alerting.app import PART, create
from takt.alerting.domain.deviation import Limits
from takt.alerting.service.catalog import take_catalog
from takt.alerting.service.sales import take_sales
from takt.alerting.service.versions import take_versions
from takt.alerting.settings import AlertingSettings
from takt.common.contracts.alerting import ReviewClosed, ReviewDecided
from takt.common.testing import running

from ..scene import catalog, sale, series, version  # noqa: TID252 - the builders of this folder

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
async def review(client, database):
    """A review that a sale has opened, as the API shows it."""
    async with database.transaction() as tx:
        await take_catalog(tx, catalog(), NOW)
        lines = [series("kettle", "north", 100), series("pan", "south", 100)]
        await take_versions(tx, [version(*lines)], NOW, limits=Limits())
        await take_sales(tx, [sale(quantity=60)], NOW, limits=Limits())
    reviews = (await client.get("/v1/reviews")).json()["items"]
    return next(r for r in reviews if r["scope"]["level"] == "series")


async def test_a_review_shows_causes_that_sum_to_its_deviation(client, review):
    shown = (await client.get(f"/v1/reviews/{review['review_id']}")).json()
    of = {c["cause"]: Decimal(c["amount"]) for c in shown["causes"]}
    assert Decimal(shown["deviation"]) == of["price"] + of["mix"] + of["volume"] == 400
    assert of["volume"] == sum(of[n] for n in ("win_rate", "timing", "new", "lost", "baseline"))


async def test_a_review_goes_its_way_through_the_api(client, review, database):
    path = f"/v1/reviews/{review['review_id']}"
    etag = (await client.get(path)).headers["etag"]
    decided = await client.post(
        f"{path}/decisions", json={"text": "raise the forecast"}, headers={"If-Match": etag}
    )
    assert decided.status_code == 201
    assert decided.json()["decisions"][0]["decided_by"] == "test"
    acted = await client.post(
        f"{path}/actions",
        json={"text": "tell the plant", "owner": "bob", "due": "2026-11-30"},
        headers={"If-Match": decided.headers["etag"]},
    )
    action = acted.json()["actions"][0]["id"]
    done = await client.post(
        f"{path}/actions/{action}/done", headers={"If-Match": acted.headers["etag"]}
    )
    closed = await client.post(
        f"{path}/close", json={"outcome": "raised"}, headers={"If-Match": done.headers["etag"]}
    )
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    assert (await client.get("/v1/reviews?status=closed")).json()["items"] == [closed.json()]
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT type FROM outbox ORDER BY event_id")
        types = [row[0] for row in rows]
    assert types[-2:] == [ReviewDecided.event_type, ReviewClosed.event_type]


async def test_a_stale_or_missing_etag_is_refused(client, review):
    path = f"/v1/reviews/{review['review_id']}/decisions"
    missing = await client.post(path, json={"text": "x"})
    stale = await client.post(path, json={"text": "x"}, headers={"If-Match": '"99"'})
    assert (missing.status_code, stale.status_code) == (428, 412)


async def test_closing_without_a_decision_says_what_to_do(client, review):
    path = f"/v1/reviews/{review['review_id']}/close"
    refused = await client.post(path, json={"outcome": "x"}, headers={"If-Match": "*"})
    assert refused.status_code == 409
    assert "record a decision" in refused.json()["detail"]


async def test_an_invitation_is_a_calendar_that_moves_with_the_meeting(client, review):
    path = f"/v1/reviews/{review['review_id']}"
    answer = await client.get(f"{path}/invitation.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event.decoded("DTSTART") == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert str(event["ORGANIZER"]) == "mailto:ann@example.com"
    meeting = {"starts_at": "2026-11-26T10:00:00Z", "ends_at": "2026-11-26T11:00:00Z"}
    moved = await client.put(f"{path}/meeting", json=meeting, headers={"If-Match": "*"})
    assert moved.status_code == 200
    (after,) = Calendar.from_ical((await client.get(f"{path}/invitation.ics")).content).walk(
        "VEVENT"
    )
    assert (after["UID"], after["SEQUENCE"]) == (event["UID"], event["SEQUENCE"] + 1)


async def test_what_is_not_there_is_named(client):
    unknown = uuid4()
    for path in (f"/v1/reviews/{unknown}", f"/v1/alerts/{unknown}"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.json()["value"] == str(unknown)


async def test_alerts_are_listed_with_their_review(client, review):
    alerts = (await client.get("/v1/alerts?state=open&kind=deviation")).json()["items"]
    assert {alert["review_id"] for alert in alerts} == {review["review_id"]}
    one = (await client.get(f"/v1/alerts/{alerts[0]['alert_id']}")).json()
    assert one == alerts[0]
    page = (await client.get("/v1/alerts?limit=1")).json()
    rest = (await client.get(f"/v1/alerts?cursor={page['next']}")).json()["items"]
    assert [*page["items"], *rest] == alerts


async def test_deviations_are_paged_and_filtered(client, review):
    total = (await client.get("/v1/deviations?level=total")).json()["items"]
    assert [(d["scope"]["level"], d["expected"], d["actual"]) for d in total] == [
        ("total", "40", "60")
    ]
    keys, cursor = [], ""
    while cursor is not None:
        page = (await client.get(f"/v1/deviations?limit=3{cursor}")).json()
        keys += [(d["title"], d["scope"]["level"]) for d in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert len(keys) == len(set(keys))
    whole = (await client.get("/v1/deviations")).json()["items"]
    assert len(keys) == len(whole)


async def test_a_check_by_hand_finds_what_the_clock_would(client, review):
    checked = await client.post("/v1/deviations/check")
    assert checked.status_code == 200
    assert checked.json()["raised"] == 0
    assert checked.json()["scopes"] > 0


async def test_reading_and_writing_need_their_scopes(app, new_key):
    async with running(app, await new_key("alerts:read")) as reader:
        assert (await reader.get("/v1/alerts")).status_code == 200
        assert (await reader.post("/v1/deviations/check")).status_code == 403
        assert (await reader.get("/v1/webhooks")).status_code == 403


def test_the_app_is_made_from_settings(log):
    settings = AlertingSettings(
        database_url="postgresql://x/y",
        access_url="postgresql://x/z",
        webhook_allowed_networks=["10.0.0.0/8"],
    )
    app = create(settings, log=log)
    assert app.state.part.name == PART.name
