"""The routes, over a running service."""

from datetime import timedelta
from decimal import Decimal

import pytest

from takt.common.bus import Message
from takt.common.http import encode_cursor
from takt.common.testing import eventually, running
from takt.forecast.jobs import SCHEDULES

from .conftest import MONDAY, catalog, deal, envelope, opened, sale


async def publish(log, *envelopes):
    """Put events on the log, as deals would."""
    await log.publish(
        [Message(e.event.topic, e.event.key, e.headers(), e.body().encode()) for e in envelopes]
    )


async def load(client, log):
    """A catalog, sixty weeks of sales of two products in two regions, and an open deal."""
    await publish(log, *(envelope(event) for event in catalog()))
    await publish(
        log,
        *(
            sale(f"{p}{r}{w}", MONDAY - timedelta(weeks=w), "8", product=p, region=r)
            for w in range(1, 61)
            for p in ("P1", "P2")
            for r in ("DE", "FR")
        ),
    )
    offered = deal(quantity="10")
    await publish(log, opened(offered))

    async def there():
        reply = await client.get("/v1/forecasts")
        items = reply.json()["items"]
        ready = len(items) == 4 and all(float(i["buckets"][3]["baseline"]) for i in items)
        ready &= (await client.get(f"/v1/pipeline-demand/{offered.deal_id}")).is_success
        return items if ready else None

    return offered, await eventually(there, within=60)


async def test_sales_and_deals_become_forecasts_that_sum_at_every_level(client, log):
    offered, _ = await load(client, log)

    async def read(path, **params):
        return (await client.get(path, params=params)).json()

    async def at_one_moment():
        """What all routes say of the same revisions: jobs go on while we read."""
        items = (await read("/v1/forecasts"))["items"]
        found = (
            items,
            await read("/v1/forecasts/P1/DE"),
            await read("/v1/forecasts/sums"),
            await read("/v1/forecasts/sums", level="family", by_region=True),
            await read(f"/v1/pipeline-demand/{offered.deal_id}"),
        )
        return found if (await read("/v1/forecasts"))["items"] == items else None

    items, one, everything, by_region, demand = await eventually(at_one_moment)
    assert one["buckets"][0]["week"] == "2026-11-23"
    assert sum(Decimal(m["quantity"]) for m in one["months"]) == sum(
        Decimal(b["quantity"]) for b in one["buckets"]
    )

    def total(nodes, **place):
        (node,) = [n for n in nodes if all(n[k] == v for k, v in place.items())]
        return [Decimal(b["quantity"]) for b in node["buckets"]]

    leaves = [[Decimal(b["quantity"]) for b in i["buckets"]] for i in items]
    whole = [sum(week) for week in zip(*leaves, strict=True)]
    assert total(everything) == whole
    assert total(by_region, product="pumps", region="EU") == whole
    below = [total(by_region, region=code) for code in ("DE", "FR")]
    assert [a + b for a, b in zip(*below, strict=True)] == whole
    assert len((await read("/v1/forecasts", region="EU"))["items"]) == 4
    assert demand["status"] == "open"
    weeks = {b["week"]: b["pipeline"] for b in one["buckets"] if b["pipeline"] != "0"}
    [line] = demand["lines"]
    assert {e["week"]: e["quantity"] for e in line["expected"]} == weeks
    for part in ("quantity", "baseline", "pipeline"):
        assert Decimal(line["series"][part]) == sum(Decimal(b[part]) for b in one["buckets"])
    assert line["expected_quantity"] == line["series"]["pipeline"]
    assert line["probability"] == demand["probability"]
    assert Decimal(demand["expected_value"]) == Decimal(demand["probability"]) * 10 * 40

    history = (await client.get("/v1/demand-history", params={"product": "P1", "limit": 7})).json()
    assert len(history["items"]) == 7
    more = (await client.get("/v1/demand-history", params={"cursor": history["next"]})).json()
    assert more["items"][0]["begins"] > history["items"][-1]["begins"]
    months = (await client.get("/v1/demand-history", params={"bucket": "month"})).json()["items"]
    assert sum(Decimal(m["quantity"]) for m in months) == 8 * 60 * 4

    made = await client.post(
        "/v1/forecast-versions", json={"name": "mine"}, headers={"Idempotency-Key": "1"}
    )
    assert made.status_code == 201
    again = await client.post(
        "/v1/forecast-versions", json={"name": "mine"}, headers={"Idempotency-Key": "1"}
    )
    assert again.json() == made.json()
    number = made.json()["version"]
    head = (await client.get(f"/v1/forecast-versions/{number}")).json()
    assert (head["name"], head["series"]) == ("mine", 4)
    held = (await client.get(f"/v1/forecast-versions/{number}/series")).json()["items"]
    assert held[0]["revision"] >= one["revision"]


async def test_a_run_is_asked_for_followed_and_undone_over_rest(app, new_key, database, clock, log):
    # The night's run has been: an app that begins would make it up, and ours would join it.
    nights = [(one.job, one.last_due(clock.now())) for one in SCHEDULES if one.job == "refit_run"]
    async with database.transaction() as tx:
        await tx.exec_driver_sql("INSERT INTO schedules VALUES ($1, $2)", nights[0])
    async with running(app, await new_key()) as client:
        await load(client, log)
        await ask_follow_and_undo(client)


async def ask_follow_and_undo(client):
    asked = await client.post("/v1/forecasts/refits")
    assert (asked.status_code, asked.json()["job"]) == (202, "refit_all")
    run, joined = asked.json()["run"], asked.json()["joined"]
    assert not joined
    again = (await client.post("/v1/forecasts/refits", json={})).json()
    assert (again["run"], again["joined"]) == (run, True)
    fast = (await client.post("/v1/forecasts/refits", json={"combination": False})).json()
    assert fast == {"job": "refit_all", "run": None, "joined": False}

    async def ended():
        state = (await client.get(f"/v1/forecasts/refits/{run}")).json()
        return state if state["state"] == "done" else None

    state = await eventually(ended, within=60)
    assert state["requested_by"] == "test"
    assert state["rows_done"] == state["rows"] >= 4
    assert (state["seconds_left"], state["failure"]) == (0, None)
    listed = (await client.get("/v1/forecasts/refits")).json()
    assert [one["id"] for one in listed["items"]] == [run]

    model = (await client.get("/v1/forecasts/P1/DE")).json()["model"]
    assert model["model"] == "fast"
    assert model["wape"] == pytest.approx(0, abs=1e-6)
    assert model["weeks"] > 0
    found = (await client.get("/v1/forecasts/backtest", params={"grouping": "lag"})).json()
    assert (found["run"], found["rows"][0]["label"]) == (run, "1")
    models = (await client.get("/v1/forecast-models")).json()
    assert (models["champion"], models["challenger"]) == ("fast", "combination")
    (decision,) = models["decisions"]
    assert (decision["outcome"], decision["run"]) == ("kept", run)
    shadows = (await client.get("/v1/forecast-models/trials/P1/DE")).json()
    assert shadows[0]["weeks"][0] == {
        "week": "2026-11-23",
        "actual": None,
        "naive": 8.0,
        "fast": pytest.approx(8),
        "combination": pytest.approx(8),
    }
    assert [week["actual"] for week in shadows[1]["weeks"][:5]] == [8.0] * 4 + [None]
    assert (await client.get("/v1/forecast-models/trials/P9/DE")).json() == []
    headers = {"Idempotency-Key": "1"}
    undo = await client.post("/v1/forecast-models/decisions/1/undo", headers=headers)
    assert (undo.status_code, undo.json()["type"]) == (409, "urn:takt:problem:nothing-to-undo")
    made = await client.post("/v1/forecast-versions", json={}, headers=headers)
    path = f"/v1/forecast-versions/{made.json()['version']}/series"
    held = (await client.get(path)).json()["items"]
    assert all(one["model"]["naive_wape"] is not None for one in held)


async def test_an_import_takes_good_rows_and_reports_the_others(client, log):
    await publish(log, *(envelope(event) for event in catalog()))

    async def known():
        body = {"rows": [row("0")], "dry_run": True}
        reply = await client.post("/v1/demand-history/imports", json=body)
        return reply.json()["imported"]

    def row(line, **changes):
        return {
            "order_line": line,
            "product": "P1",
            "region": "DE",
            "date": "2026-10-05",
            "quantity": "4",
        } | changes

    await eventually(known)
    rows = [
        row("1"),
        row("2", quantity="-4"),
        row("3", product="P9"),
        row("4", date="soon"),
        row("5", quantity="NaN"),
        row("1"),
        {"order_line": "6"},
    ]
    report = (await client.post("/v1/demand-history/imports", json={"rows": rows})).json()
    assert (report["read"], report["imported"], report["unchanged"]) == (7, 1, 0)
    wrong = [(e["line"], e["field"]) for e in report["errors"]]
    assert wrong[:5] == [
        (2, "quantity"),
        (3, "product"),
        (4, "date"),
        (5, "quantity"),
        (6, "order_line"),
    ]
    assert {line for line, _ in wrong[5:]} == {7}
    assert all(e["remedy"] for e in report["errors"])
    again = (await client.post("/v1/demand-history/imports", json={"rows": rows[:1]})).json()
    assert (again["imported"], again["unchanged"]) == (0, 1)
    changed = {"rows": [row("1", quantity="5")]}
    assert (await client.post("/v1/demand-history/imports", json=changed)).json()["imported"] == 1


async def test_a_csv_file_is_read_with_a_byte_order_mark_and_refused_in_another_encoding(
    client, log
):
    await publish(log, *(envelope(event) for event in catalog()))
    text = "order_line,product,region,date,quantity,price\n1,P1,DE,2026-10-05,4,9.5\n"

    async def imported():
        reply = await client.post(
            "/v1/demand-history/imports/csv", content=b"\xef\xbb\xbf" + text.encode()
        )
        return reply.json()["imported"]

    await eventually(imported)
    gbk = await client.post("/v1/demand-history/imports/csv", content="产品\n".encode("gbk"))
    assert gbk.status_code == 422
    assert "UTF-8" in gbk.json()["remedy"]
    columns = await client.post("/v1/demand-history/imports/csv", content=b"a,b\n1,2\n")
    assert columns.json()["detail"].startswith("columns are missing: order_line")


async def test_what_is_not_there_is_a_problem_that_says_what_to_do(client):
    for path in (
        "/v1/forecasts/P9/DE",
        "/v1/forecast-versions/7",
        "/v1/forecast-versions/7/series",
        "/v1/pipeline-demand/01890000-0000-7000-8000-000000000000",
        "/v1/forecasts/refits/01890000-0000-7000-8000-000000000000",
    ):
        reply = await client.get(path)
        assert reply.status_code == 404
        assert reply.json()["remedy"]
    nothing = await client.post("/v1/forecast-versions", json={}, headers={"Idempotency-Key": "1"})
    assert nothing.status_code == 409
    undo = await client.post(
        "/v1/forecast-models/decisions/7/undo", headers={"Idempotency-Key": "1"}
    )
    assert (undo.status_code, undo.json()["field"]) == (404, "decision")
    assert (await client.get("/v1/forecasts/backtest")).json() == {
        "run": None,
        "week": None,
        "rows": [],
    }
    assert (await client.get("/v1/win-probabilities")).json() == {"items": [], "next": None}


async def test_writing_needs_the_scope(client, new_key):
    reader = {"Authorization": f"Bearer {await new_key('forecast:read')}"}
    for path in ("/v1/forecasts/refits", "/v1/win-probabilities/calibrations"):
        assert (await client.post(path, headers=reader)).status_code == 403
        assert (await client.post(path)).status_code == 202


@pytest.mark.parametrize(
    "noun",
    [
        "forecast-versions",
        "forecasts",
        "forecasts/refits",
        "forecast-models",
        "demand-history",
        "win-probabilities",
    ],
)
async def test_a_forged_cursor_is_named(client, noun):
    for place in (["x"], [None], [2**70], [1, 2], ["a", "b\0"], ["a", "b", "x"], [{}, [], 1]):
        reply = await client.get(f"/v1/{noun}", params={"cursor": encode_cursor(*place)})
        assert (reply.status_code, reply.json()["field"]) == (400, "cursor"), place


async def test_a_cursor_of_a_version_that_never_was_is_no_fault(client):
    reply = await client.get("/v1/forecast-versions", params={"cursor": encode_cursor(2**40)})
    assert (reply.status_code, reply.json()["items"]) == (200, [])
