import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from takt.common.bus import Message
from takt.common.bus.postgres import PostgresLog
from takt.common.event import Event
from takt.common.testing import eventually

from . import told
from .told import MONDAY

OPENING = {"on": str(MONDAY), "balance": "5000", "minimum": "1000"}
RENT = {
    "code": "RENT",
    "name": "Rent",
    "category": "rent",
    "amount": "300.5",
    "recurrence": "monthly",
    "first_on": "2026-01-01",
    "last_on": None,
}


async def publish(log: PostgresLog, *events: Event) -> None:
    await log.publish(
        [
            Message(e.event.topic, e.event.key, e.headers(), e.body().encode())
            for e in told.said(*events)
        ]
    )


async def until_balance(client: httpx.AsyncClient, balance: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        cash: dict[str, Any] = (await client.get("/v1/cash")).json()
        return cash if cash["weeks"][-1]["balance_expected"] == balance else None

    found: dict[str, Any] = await eventually(look)
    return found


async def test_events_move_the_projection_that_is_read(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await client.put("/v1/cash/opening", json=OPENING, headers={"If-Match": "*"})

    await publish(
        log,
        told.company(),
        told.deal("a", 1),
        told.demand("a", 1, "2.5"),
        told.order("po", 1, "approved"),
    )

    async def look() -> dict[str, Any] | None:
        cash: dict[str, Any] = (await client.get("/v1/cash")).json()
        balance = cash["weeks"][-1]["balance_expected"]
        return cash if (cash["currency"], balance) == ("EUR", "4750") else None

    cash = await eventually(look)
    assert cash["weeks"][-1]["balance_committed"] == "4500"
    assert len(cash["weeks"]) == 26
    assert cash["lowest_expected"] == {"week": "2026-12-07", "balance": "4500"}
    assert cash["shortfall"] == "none"


async def test_a_week_shows_its_contributions_page_by_page(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await publish(log, *(told.order(f"po {n}", 1, amount=str(100 * n)) for n in range(1, 6)))
    await until_balance(client, "-1500")
    url = "/v1/cash/weeks/2026-12-07"

    first = (await client.get(url, params={"limit": 3})).json()
    second = (await client.get(url, params={"limit": 3, "cursor": first["next"]})).json()

    rows = first["items"] + second["items"]
    assert [row["amount"] for row in rows] == ["-500", "-400", "-300", "-200", "-100"]
    assert rows[0]["kind"] == "purchase_order"
    assert rows[0]["label"] == "po 5: SEAL from DICHTA"
    assert second["next"] is None
    assert (await client.get("/v1/cash/weeks/2026-12-14")).json()["items"] == []


async def test_fixed_payments_are_in_the_projection(client: httpx.AsyncClient) -> None:
    await client.put("/v1/cash/opening", json=OPENING, headers={"If-Match": "*"})
    answer = await client.put(
        "/v1/fixed-payments", json={"items": [RENT]}, headers={"If-Match": '"0"'}
    )
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"1"'

    cash = (await client.get("/v1/cash")).json()
    assert cash["weeks"][-1]["balance_committed"] == "3197"
    week = (await client.get("/v1/cash/weeks/2026-12-03")).json()
    assert [row["label"] for row in week["items"]] == ["Rent"]
    assert (await client.get("/v1/fixed-payments")).json() == {"items": [RENT]}


async def test_terms_move_what_was_projected(client: httpx.AsyncClient, log: PostgresLog) -> None:
    await publish(log, told.order("po", 1))
    await until_balance(client, "-500")

    terms = {
        "customers_net_days": 14,
        "customers_end_of_month": False,
        "suppliers_end_of_month": True,
    }
    answer = await client.put("/v1/payment-terms", json=terms, headers={"If-Match": '"0"'})

    assert answer.json() == terms == (await client.get("/v1/payment-terms")).json()
    [payment] = (await client.get("/v1/cash/weeks/2026-12-28")).json()["items"]
    assert payment["due"] == "2026-12-31"


async def test_the_opening_is_told_with_its_version(client: httpx.AsyncClient) -> None:
    missing = await client.get("/v1/cash/opening")
    assert (missing.status_code, missing.json()["type"]) == (
        404,
        "urn:takt:problem:opening-not-given",
    )
    put = await client.put("/v1/cash/opening", json=OPENING, headers={"If-Match": '"0"'})
    assert put.json() == OPENING == (await client.get("/v1/cash/opening")).json()
    assert put.headers["ETag"] == '"1"'


Send = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


def putting(path: str, body: dict[str, Any], if_match: str | None = "*") -> Send:
    headers = {"If-Match": if_match} if if_match else {}
    return lambda client: client.put(path, json=body, headers=headers)


@pytest.mark.parametrize(
    ("send", "status", "field"),
    [
        (putting("/v1/cash/opening", OPENING, None), 428, "If-Match"),
        (putting("/v1/cash/opening", OPENING, '"9"'), 412, "If-Match"),
        (putting("/v1/cash/opening", OPENING | {"balance": "NaN"}), 422, "balance"),
        (putting("/v1/cash/opening", OPENING | {"balance": "1.1234567"}), 422, "balance"),
        (putting("/v1/cash/opening", OPENING | {"on": "soon"}), 422, "on"),
        (putting("/v1/cash/opening", OPENING | {"bank": "x"}), 422, "bank"),
        (
            putting("/v1/fixed-payments", {"items": [RENT | {"amount": "0"}]}),
            422,
            "items.0.amount",
        ),
        (putting("/v1/fixed-payments", {"items": [RENT, RENT]}), 422, "items.0.code"),
        (
            putting("/v1/fixed-payments", {"items": [RENT | {"last_on": "2025-01-01"}]}),
            422,
            "items.0.last_on",
        ),
        (
            putting("/v1/fixed-payments", {"items": [RENT | {"recurrence": "daily"}]}),
            422,
            "items.0.recurrence",
        ),
        (putting("/v1/payment-terms", {"customers_net_days": -1}), 422, "customers_net_days"),
        (lambda client: client.get("/v1/cash/weeks/soon"), 422, "path.week"),
        (lambda client: client.get("/v1/cash/weeks/2026-12-07?cursor=x"), 400, "cursor"),
    ],
)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    client: httpx.AsyncClient, send: Send, status: int, field: str
) -> None:
    answer = await send(client)

    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["remedy"]
    assert (await client.get("/v1/cash/opening")).status_code == 404
    assert (await client.get("/v1/fixed-payments")).json() == {"items": []}


async def test_two_writers_of_one_version_do_not_both_win(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(putting("/v1/cash/opening", OPENING, '"0"')(client) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_a_day_far_from_any_cash_is_empty(client: httpx.AsyncClient) -> None:
    far = MONDAY + timedelta(days=4000)
    assert (await client.get(f"/v1/cash/weeks/{far}")).json() == {"items": [], "next": None}


async def source(client: httpx.AsyncClient, kind: str, identity: object) -> dict[str, Any]:
    reply = await client.get(f"/v1/cash/sources/{kind}/{identity}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_every_row_of_every_week_is_a_row_of_its_source_and_the_sums_agree(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await client.put("/v1/cash/opening", json=OPENING, headers={"If-Match": "*"})
    await publish(
        log,
        told.company(),
        told.deal("a", 1),
        told.demand("a", 1, "2.5"),
        told.order("po", 1, "approved"),
        told.sale("s", 1),
        told.forecast("SEAL", 1, "3"),
    )

    async def rows() -> list[dict[str, Any]] | None:
        cash = (await client.get("/v1/cash")).json()
        found = []
        for week in cash["weeks"]:
            found += (await client.get(f"/v1/cash/weeks/{week['week']}")).json()["items"]
        return found if {row["kind"] for row in found} == set(KINDS) else None

    listed = await eventually(rows)
    assert listed is not None
    by_source: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in listed:
        by_source.setdefault((KINDS[row["kind"]], row["source"]), []).append(row)
    assert len(by_source) == 4
    for (kind, identity), expected in by_source.items():
        found = await source(client, kind, identity)
        rows_found = found["contributions"]
        near = [row for row in rows_found if row["due"] < str(MONDAY + timedelta(weeks=26))]
        assert near == sorted(expected, key=lambda row: row["due"])
        assert rows_found[: len(near)] == near
        assert (found["kind"], found["id"], found["currency"]) == (kind, identity, "EUR")
        amounts = [(row["certainty"], Decimal(row["amount"])) for row in rows_found]
        assert Decimal(found["expected"]) == sum(amount for _, amount in amounts)
        committed = [amount for certainty, amount in amounts if certainty == "committed"]
        assert Decimal(found["committed"]) == sum(committed)


KINDS = {
    "deal_line": "deal",
    "purchase_order": "order",
    "sale": "sale",
    "baseline": "series",
}


async def test_a_lost_deal_moves_nothing_and_a_source_never_heard_of_is_a_problem(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await publish(log, told.company(), told.deal("a", 1, "lost"))

    async def lost() -> dict[str, Any] | None:
        reply = await client.get(f"/v1/cash/sources/deal/{told.named('a')}")
        return dict(reply.json()) if reply.status_code == 200 else None

    found = await eventually(lost)
    assert found is not None
    assert (found["contributions"], found["committed"], found["expected"]) == ([], "0", "0")
    unknown = await client.get("/v1/cash/sources/series/SEAL|moon")
    assert (unknown.status_code, unknown.json()["value"]) == (404, "SEAL|moon")
    assert unknown.json()["remedy"]
    assert (await client.get("/v1/cash/sources/boat/1")).status_code == 422
