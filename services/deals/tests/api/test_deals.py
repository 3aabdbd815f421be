import asyncio
import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import uuid4

import httpx
import pytest

from takt.common.db import Database
from takt.common.event import Cause, wall_now
from takt.common.testing import NOW, eventually, waits_for_a_lock
from takt.deals.service.drafts import DealDraft, LineDraft
from takt.deals.service.upserts import upsert_deals

DEAL: dict[str, Any] = {
    "name": "Five pumps",
    "owner": "ann",
    "lines": [{"product": "pump", "quantity": "5", "price": "100"}],
}


async def open_deal(api: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": str(uuid4())}
    answer = await api.post("/v1/deals", json={**DEAL, **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def move(api: httpx.AsyncClient, deal: str, stage: str, version: str = "*") -> httpx.Response:
    headers = {"If-Match": version}
    return await api.post(f"/v1/deals/{deal}/stage", json={"stage": stage}, headers=headers)


async def test_a_deal_is_opened_read_changed_and_moved(api: httpx.AsyncClient) -> None:
    deal = await open_deal(api, external_id="A1")
    assert (deal["stage"], deal["region"], deal["value"]) == ("lead-qualification", "north", "500")
    read = await api.get(f"/v1/deals/{deal['id']}")
    assert read.headers["ETag"] == '"1"'
    change = {"expected_close": "2026-12-24", "manual_probability": "0.75"}
    changed = await api.patch(f"/v1/deals/{deal['id']}", json=change, headers={"If-Match": '"1"'})
    assert changed.json()["manual_probability"] == "0.75"
    moved = await move(api, deal["id"], "needs-confirmation", '"2"')
    assert (moved.status_code, moved.headers["ETag"]) == (200, '"3"')
    cleared = await api.patch(
        f"/v1/deals/{deal['id']}", json={"expected_close": None}, headers={"If-Match": "*"}
    )
    assert cleared.json()["expected_close"] is None
    page = (await api.get("/v1/deals", params={"stage": "needs-confirmation"})).json()
    assert [one["external_id"] for one in page["items"]] == ["A1"]
    history = (await api.get(f"/v1/deals/{deal['id']}/history")).json()
    assert sum(stay["seconds"] for stay in history["stays"]) == pytest.approx(
        history["age_seconds"], abs=1e-5
    )


async def test_a_move_taken_back_is_in_the_history_and_not_in_the_cycle(
    api: httpx.AsyncClient,
) -> None:
    deal = await open_deal(api)
    await move(api, deal["id"], "needs-confirmation")
    await move(api, deal["id"], "lead-qualification")
    history = (await api.get(f"/v1/deals/{deal['id']}/history")).json()
    assert [stay["in_cycle"] for stay in history["stays"]] == [True, False, False]
    assert [stay["stage"] for stay in history["cycle"]] == ["lead-qualification"]
    assert history["cycle"][0]["seconds"] == history["age_seconds"]


async def test_unmet_criteria_are_one_problem_that_lists_every_failure(
    api: httpx.AsyncClient,
) -> None:
    deal = await open_deal(api)
    await move(api, deal["id"], "needs-confirmation")
    refused = await move(api, deal["id"], "solution-design")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["type"] == "urn:takt:problem:criteria-unmet"
    assert [(one["reason"], one["field"], one["value"]) for one in problem["refusals"]] == [
        ("field-missing", "account", ""),
        ("document-missing", "documents", "requirements"),
    ]
    account = {"external_id": "acme", "name": "Acme"}
    made = await api.post("/v1/accounts", json=account, headers={"Idempotency-Key": "a"})
    body = {"account_id": made.json()["id"]}
    await api.patch(f"/v1/deals/{deal['id']}", json=body, headers={"If-Match": "*"})
    document = {"name": "Requirements of Acme", "address": "https://example.org/r.pdf"}
    await api.put(
        f"/v1/deals/{deal['id']}/documents/requirements",
        json=document,
        headers={"If-Match": "*"},
    )
    assert (await move(api, deal["id"], "solution-design")).status_code == 200


NO_AMOUNTS = ("-1", "0", "NaN", "Infinity", "1e30", "1.0000001", "twelve", None)


async def test_quantities_and_prices_that_are_none_are_named(api: httpx.AsyncClient) -> None:
    for field, value in product(("quantity", "price"), NO_AMOUNTS):
        line = {**DEAL["lines"][0], field: value}
        headers = {"Idempotency-Key": str(uuid4())}
        refused = await api.post("/v1/deals", json={**DEAL, "lines": [line]}, headers=headers)
        problem = refused.json()
        assert refused.status_code == 422
        assert (problem["field"], problem.get("value")) == (f"lines.0.{field}", value)
        assert problem["remedy"]
    assert (await api.get("/v1/deals")).json()["items"] == []


IMPOSSIBLE: list[tuple[dict[str, Any], str, str]] = [
    ({"owner": "nobody"}, "unknown-reference", "owner"),
    ({"region": "moon"}, "unknown-reference", "region"),
    ({"pipeline": "moon"}, "unknown-reference", "pipeline"),
    ({"account_id": str(uuid4())}, "unknown-reference", "account_id"),
    (
        {"lines": [{"product": "warp", "quantity": "1", "price": "1"}]},
        "unknown-reference",
        "product",
    ),
    ({"currency": "USD"}, "wrong-currency", "currency"),
    ({"expected_close": "2026-11-22"}, "bad-deal", "expected_close"),
    (
        {"lines": [{**DEAL["lines"][0], "requested_date": "2020-01-01"}]},
        "bad-deal",
        "lines[0].requested_date",
    ),
    (
        {"lines": [{**DEAL["lines"][0], "quantity": "1000000", "price": "1000000"}]},
        "bad-deal",
        "lines[0]",
    ),
    (
        {"lines": [{**DEAL["lines"][0], "quantity": "1000000", "price": "999999"}] * 2},
        "bad-deal",
        "lines",
    ),
    ({"unheard": 1}, "invalid-request", "unheard"),
]


async def test_what_a_deal_cannot_be_is_named_with_a_remedy(api: httpx.AsyncClient) -> None:
    for change, slug, field in IMPOSSIBLE:
        headers = {"Idempotency-Key": str(uuid4())}
        refused = await api.post("/v1/deals", json={**DEAL, **change}, headers=headers)
        problem = refused.json()
        assert refused.status_code == 422
        assert (problem["type"], problem["field"]) == (f"urn:takt:problem:{slug}", field)
        assert problem["remedy"]
    assert (await api.get("/v1/deals")).json()["items"] == []


async def test_the_largest_deal_is_shown_wherever_it_stands(api: httpx.AsyncClient) -> None:
    line = {"product": "pump", "quantity": "999999.999999", "price": "1000000"}
    deal = await open_deal(api, lines=[line])
    await open_deal(api, lines=[line])
    assert deal["value"] == "999999999999"
    page = (await api.get("/v1/deals")).json()["items"]
    assert [one["value"] for one in page] == ["999999999999"] * 2
    standing = (await api.get("/v1/pipelines/default/standing")).json()
    assert standing[0]["value"] == "1999999999998"
    await api.put(
        "/v1/products/pump",
        json={"name": "Pump", "list_price": "1000000000", "cost": "1000000000"},
        headers={"If-Match": "*"},
    )
    prices = (await api.get(f"/v1/deals/{deal['id']}/prices")).json()
    assert prices["list_value"] == "999999999999000"
    assert prices["margin"] == "-998999999999001"


async def test_lines_copied_from_another_deal_are_named(api: httpx.AsyncClient) -> None:
    deal = await open_deal(api)
    body = {**DEAL, "lines": deal["lines"]}
    refused = await api.post("/v1/deals", json=body, headers={"Idempotency-Key": "copy"})
    problem = refused.json()
    assert (refused.status_code, problem["field"]) == (422, "lines[0].id")
    assert problem["value"] == deal["lines"][0]["id"]
    assert "Leave the id out" in problem["remedy"]


async def test_two_deals_at_the_same_moment_do_not_share_a_line(
    api: httpx.AsyncClient, database: Database, now: datetime
) -> None:
    chosen = uuid4()
    body = {**DEAL, "lines": [{**DEAL["lines"][0], "id": str(chosen)}]}
    async with database.transaction() as tx:
        lines = (LineDraft("pump", Decimal(1), Decimal(1), id=chosen),)
        draft = DealDraft(cause=Cause.start(), by="test", name="First", owner="ann", lines=lines)
        await upsert_deals(tx, [draft], now)
        second = asyncio.create_task(
            api.post("/v1/deals", json=body, headers={"Idempotency-Key": "second"})
        )
        await eventually(lambda: waits_for_a_lock(database))
    refused = await second
    assert (refused.status_code, refused.json()["field"]) == (409, "deal_lines_pkey")
    [deal] = (await api.get("/v1/deals")).json()["items"]
    assert deal["name"] == "First"


async def test_versions_are_asked_for_and_checked(api: httpx.AsyncClient) -> None:
    deal = await open_deal(api)
    body = {"stage": "needs-confirmation"}
    missing = await api.post(f"/v1/deals/{deal['id']}/stage", json=body)
    assert (missing.status_code, missing.json()["field"]) == (428, "If-Match")
    stale = await move(api, deal["id"], "needs-confirmation", '"7"')
    assert (stale.status_code, stale.json()["current"]) == (412, '"1"')
    again = await api.put("/v1/products/pump", json={"name": "Pump", "list_price": "99"})
    assert again.status_code == 428


async def test_an_idempotency_key_is_one_deal(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first = await api.post("/v1/deals", json=DEAL, headers=headers)
    again = await api.post("/v1/deals", json=DEAL, headers=headers)
    assert first.json() == again.json()
    other = await api.post("/v1/deals", json={**DEAL, "name": "Other"}, headers=headers)
    assert other.status_code == 422
    assert (await api.post("/v1/deals", json=DEAL)).status_code == 400
    assert len((await api.get("/v1/deals")).json()["items"]) == 1


async def test_a_cursor_that_is_none_of_ours_is_named(api: httpx.AsyncClient) -> None:
    for path in ("deals", "sales", "accounts", "imports", "products"):
        refused = await api.get(f"/v1/{path}", params={"cursor": "WyJ4Il0!"})
        assert refused.status_code == 400
    refused = await api.get("/v1/deals", params={"cursor": "WyJ4Il0"})
    assert (refused.status_code, refused.json()["field"]) == (400, "cursor")


async def test_an_external_id_is_taken_once(api: httpx.AsyncClient) -> None:
    await open_deal(api, external_id="A1")
    body = {**DEAL, "external_id": "A1", "name": "Another"}
    refused = await api.post("/v1/deals", json=body, headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["field"]) == (409, "external_id")


async def test_a_body_of_50_mb_is_refused(api: httpx.AsyncClient) -> None:
    body = b'{"name": "' + b"x" * 50_000_000 + b'"}'
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    refused = await api.post("/v1/deals", content=body, headers=headers)
    assert refused.status_code == 413
    assert refused.json()["remedy"]


async def test_moves_in_bulk_have_a_result_or_a_problem_each(api: httpx.AsyncClient) -> None:
    one, two = await open_deal(api), await open_deal(api)
    moves = [
        {"deal_id": one["id"], "stage": "needs-confirmation", "correlation_id": str(uuid4())},
        {"deal_id": two["id"], "stage": "won"},
        {"deal_id": str(uuid4()), "stage": "won"},
        {"deal_id": two["id"], "stage": "needs-confirmation", "sequence": 9},
    ]
    answer = (await api.post("/v1/deals/stage-moves", json={"moves": moves})).json()
    assert (answer["done"], answer["failed"]) == (1, 3)
    slugs = [item.get("problem", {}).get("type") for item in answer["items"]]
    assert slugs == [
        None,
        "urn:takt:problem:move-not-declared",
        "urn:takt:problem:not-found",
        "urn:takt:problem:stale",
    ]


async def test_each_move_in_bulk_begins_a_chain_of_its_own(
    api: httpx.AsyncClient, database: Database
) -> None:
    deals = [await open_deal(api) for _ in range(3)]
    given, request = str(uuid4()), str(uuid4())
    moves = [{"deal_id": deal["id"], "stage": "needs-confirmation"} for deal in deals]
    moves[0]["correlation_id"] = given
    answer = await api.post(
        "/v1/deals/stage-moves", json={"moves": moves}, headers={"Correlation-Id": request}
    )
    chains = [item["correlation_id"] for item in answer.json()["items"]]
    assert chains[0] == given
    assert len({*chains, request}) == 4
    async with database.transaction() as tx:
        said = await tx.exec_driver_sql(
            "SELECT headers ->> 'ce_correlations' FROM outbox"
            " WHERE type = 'takt.deal.stage_changed.v1' ORDER BY event_id"
        )
        assert list(said.scalars()) == [f"{chain},{request}" for chain in chains]


async def test_a_price_below_the_floor_is_refused_until_a_role_approves(
    api: httpx.AsyncClient,
) -> None:
    deal = await open_deal(api)
    rule = {"role": "sales-manager", "maximum_discount": "0.35", "minimum_margin": "60"}
    assert (await api.put("/v1/price-rules/usual", json=rule)).status_code == 200
    line = {**deal["lines"][0], "price": "79"}
    body = {"lines": [line]}
    path, any_version = f"/v1/deals/{deal['id']}", {"If-Match": "*"}
    refused = await api.patch(path, json=body, headers=any_version)
    assert (refused.status_code, refused.json()["field"]) == (409, "lines[0].price")
    assert "at least 80" in refused.json()["remedy"]
    offer = {"line_id": line["id"], "product": "pump", "quantity": "5", "price": "79"}
    approval = {
        "role": "sales-manager",
        "expires_at": (NOW + timedelta(days=7)).isoformat(),
        "offers": [offer],
    }
    headers = {**any_version, "Idempotency-Key": "p"}
    made = await api.post(f"{path}/approvals", json=approval, headers=headers)
    assert (made.status_code, made.json()["approver"]) == (201, "test")
    assert (await api.patch(path, json=body, headers=any_version)).status_code == 200
    line["quantity"] = "6"
    assert (await api.patch(path, json=body, headers=any_version)).status_code == 409
    line["price"] = "100"
    assert (await api.patch(path, json=body, headers=any_version)).status_code == 200
    [kept] = (await api.get(f"{path}/approvals")).json()
    assert kept["voided_at"] is not None


async def test_everything_goes_out_as_csv_and_ndjson(api: httpx.AsyncClient) -> None:
    await open_deal(api, name="=cmd()")
    text = (await api.get("/v1/deals/export", params={"format": "csv"})).text
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["name"], row["product"], row["quantity"]) == ("'=cmd()", "pump", "5.000000")
    lines = (await api.get("/v1/deals/export")).text.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["=cmd()"]


async def test_upserts_have_an_outcome_each(api: httpx.AsyncClient) -> None:
    item = {"source": "crm", "owner": "ann", "lines": DEAL["lines"]}
    items = [
        {**item, "external_id": "A1", "stage": "negotiation"},
        {**item, "external_id": "A2", "currency": "USD"},
        {**item, "external_id": "A3", "history": [
            {"stage": "lead-qualification", "entered_at": "2026-01-01T00:00:00Z"},
            {"stage": "lost", "entered_at": "2026-02-01T00:00:00Z"},
        ]},
    ]  # fmt: skip
    answer = (await api.post("/v1/deals/upserts", json={"items": items})).json()
    assert [one.get("result") for one in answer["items"]] == ["created", None, "created"]
    again = (await api.post("/v1/deals/upserts", json={"items": items})).json()
    assert [one.get("result") for one in again["items"]] == ["unchanged", None, "unchanged"]


async def test_a_key_without_the_scope_opens_nothing(api: httpx.AsyncClient, new_key: Any) -> None:
    deal = await open_deal(api)
    reader = {"Authorization": f"Bearer {await new_key('deals:read')}"}
    assert (await api.get("/v1/deals", headers=reader)).status_code == 200
    body = {"stage": "lost"}
    path = f"/v1/deals/{deal['id']}/stage"
    refused = await api.post(path, json=body, headers={**reader, "If-Match": "*"})
    assert refused.status_code == 403
    writer = {"Authorization": f"Bearer {await new_key('deals:write')}"}
    approval = {"role": "sales-manager", "expires_at": wall_now().isoformat()}
    headers = {**writer, "If-Match": "*", "Idempotency-Key": "x"}
    path = f"/v1/deals/{deal['id']}/approvals"
    assert (await api.post(path, json=approval, headers=headers)).status_code == 403
