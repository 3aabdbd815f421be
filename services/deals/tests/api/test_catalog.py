import asyncio
from typing import Any
from uuid import uuid4

import httpx

from takt.common.db import Database
from takt.common.event import Cause
from takt.common.testing import eventually, waits_for_a_lock
from takt.deals.schemas.catalog import AccountIn
from takt.deals.service.catalog import put_accounts

from .conftest import PRODUCT

STAGES = [
    {"code": "talk", "name": "Talk", "target_days": "7", "exit_criteria": [{"field": "lines"}]},
    {"code": "won", "name": "Won", "kind": "won"},
    {"code": "lost", "name": "Lost", "kind": "lost"},
]
PIPELINE: dict[str, Any] = {
    "name": "Short",
    "stages": STAGES,
    "transitions": [["talk", "won"], ["talk", "lost"], ["won", "talk"]],
}


async def test_before_the_company_is_set_nothing_is_sold(client: httpx.AsyncClient) -> None:
    missing = await client.get("/v1/company")
    assert (missing.status_code, "PUT /v1/company" in missing.json()["remedy"]) == (404, True)
    deal = {"name": "x", "owner": "ann"}
    refused = await client.post("/v1/deals", json=deal, headers={"Idempotency-Key": "k"})
    assert refused.json()["type"] == "urn:takt:problem:company-not-set"


async def test_currency_and_time_zone_are_fixed_with_the_first_data(
    api: httpx.AsyncClient,
) -> None:
    company = {"name": "Kestrel", "currency": "USD", "time_zone": "Europe/Berlin"}
    version = {"If-Match": '"1"'}
    assert (await api.put("/v1/company", json=company, headers=version)).status_code == 200
    await api.post(
        "/v1/deals", json={"name": "x", "owner": "ann"}, headers={"Idempotency-Key": "k"}
    )
    for change in ({"currency": "EUR"}, {"time_zone": "UTC"}):
        refused = await api.put(
            "/v1/company", json={**company, **change}, headers={"If-Match": "*"}
        )
        assert refused.status_code == 409
        assert refused.json()["field"] == next(iter(change))
    renamed = {**company, "name": "Kestrel Flow"}
    answer = await api.put("/v1/company", json=renamed, headers={"If-Match": "*"})
    assert answer.json()["sequence"] == 3
    unknown = {**company, "time_zone": "Mars/Olympus"}
    refused = await api.put("/v1/company", json=unknown, headers={"If-Match": "*"})
    assert refused.json()["field"] == "time_zone"


async def test_a_product_is_versioned_and_rows_in_bulk_change_only_what_differs(
    api: httpx.AsyncClient,
) -> None:
    read = await api.get("/v1/products/pump")
    assert (read.headers["ETag"], read.json()["list_price"]) == ('"1"', "100")
    rows = [{**PRODUCT, "code": "pump"}, {**PRODUCT, "code": "valve", "list_price": "9.5"}]
    answer = await api.post("/v1/products/upserts", json=rows)
    assert answer.json() == {"changed": 1, "unchanged": 1}
    page = (await api.get("/v1/products", params={"limit": 1})).json()
    following = await api.get("/v1/products", params={"limit": 1, "cursor": page["next"]})
    assert [row["code"] for row in following.json()["items"]] == ["valve"]


async def test_a_region_inside_itself_is_refused(api: httpx.AsyncClient) -> None:
    rows = [{"code": code, "name": code, "parent": parent} for code, parent in ("ab", "bc")]
    rows.append({"code": "c", "name": "c", "parent": "a"})
    refused = await api.post("/v1/regions/upserts", json=rows)
    assert refused.status_code == 422
    assert (refused.json()["field"], refused.json()["value"]) == ("parent", "a in b in c in a")


async def test_text_has_no_control_characters(api: httpx.AsyncClient) -> None:
    refused = await api.put("/v1/products/new", json={**PRODUCT, "name": "a\x00b"})
    assert (refused.status_code, refused.json()["field"]) == (422, "name")


async def test_a_list_price_that_is_none_is_named(api: httpx.AsyncClient) -> None:
    for value in ("-1", "0", "NaN", "1e30", "1.0000001"):
        refused = await api.put("/v1/products/new", json={**PRODUCT, "list_price": value})
        assert (refused.status_code, refused.json()["field"]) == (422, "list_price")


async def test_the_default_pipeline_is_there_with_its_moves(api: httpx.AsyncClient) -> None:
    pipeline = (await api.get("/v1/pipelines/default")).json()
    assert [stage["code"] for stage in pipeline["stages"]] == [
        "lead-qualification",
        "needs-confirmation",
        "solution-design",
        "negotiation",
        "won",
        "lost",
    ]
    assert pipeline["stages"][0]["target_days"] == "7"
    assert pipeline["stages"][3]["moves_to"] == ["solution-design", "won", "lost"]
    unknown = await api.get("/v1/pipelines/moon")
    assert (unknown.status_code, unknown.json()["value"]) == (404, "moon")


async def test_a_pipeline_of_one_s_own_runs_and_keeps_its_stages_in_use(
    api: httpx.AsyncClient,
) -> None:
    assert (await api.put("/v1/pipelines/short", json=PIPELINE)).status_code == 200
    deal = {"name": "x", "owner": "ann", "pipeline": "short"}
    made = await api.post("/v1/deals", json=deal, headers={"Idempotency-Key": "k"})
    assert made.json()["stage"] == "talk"
    refused = await api.post(
        f"/v1/deals/{made.json()['id']}/stage", json={"stage": "won"}, headers={"If-Match": "*"}
    )
    assert [one["field"] for one in refused.json()["refusals"]] == ["lines"]
    renamed = [{**STAGES[0], "code": "chat"}, *STAGES[1:]]
    other = {**PIPELINE, "stages": renamed, "transitions": [["chat", "won"]]}
    refused = await api.put("/v1/pipelines/short", json=other, headers={"If-Match": "*"})
    assert refused.json()["refusals"][0]["reason"] == "stage-in-use"
    standing = (await api.get("/v1/pipelines/short/standing")).json()
    assert standing[0] == {"stage": "talk", "deals": 1, "value": "0"}


async def test_every_fault_of_a_pipeline_is_listed(api: httpx.AsyncClient) -> None:
    bad = {**PIPELINE, "stages": STAGES[:2], "transitions": [["talk", "moon"]]}
    refused = await api.put("/v1/pipelines/bad", json=bad)
    assert refused.status_code == 422
    assert [one["reason"] for one in refused.json()["refusals"]] == [
        "one-lost-stage",
        "unknown-transition",
    ]


async def test_a_rule_that_makes_no_sense_is_refused(api: httpx.AsyncClient) -> None:
    refused = await api.put("/v1/price-rules/odd", json={"role": "m", "maximum_discount": "35"})
    assert (refused.status_code, refused.json()["field"]) == (422, "maximum_discount")
    rule = {"role": "m", "product": "warp", "maximum_discount": "0.1"}
    refused = await api.put("/v1/price-rules/odd", json=rule)
    assert refused.json()["type"] == "urn:takt:problem:unknown-reference"


async def test_a_rule_of_nothing_that_is_there_is_refused(api: httpx.AsyncClient) -> None:
    rule = {"role": "m", "maximum_discount": "0.1"}
    account = str(uuid4())
    refused = await api.put("/v1/price-rules/odd", json={**rule, "account_id": account})
    problem = refused.json()
    assert (refused.status_code, problem["field"], problem["value"]) == (422, "account_id", account)
    assert "POST /v1/accounts" in problem["remedy"]
    nowhere = {**rule, "pipeline": "default", "stage": "moon"}
    refused = await api.put("/v1/price-rules/odd", json=nowhere)
    problem = refused.json()
    assert (refused.status_code, problem["field"], problem["value"]) == (422, "stage", "moon")
    assert "negotiation" in problem["remedy"]
    there = {**rule, "pipeline": "default", "stage": "negotiation"}
    assert (await api.put("/v1/price-rules/odd", json=there)).status_code == 200


async def test_a_stage_that_a_price_rule_names_stays(api: httpx.AsyncClient) -> None:
    await api.put("/v1/pipelines/short", json=PIPELINE)
    rule = {"role": "m", "maximum_discount": "0.1", "pipeline": "short", "stage": "talk"}
    assert (await api.put("/v1/price-rules/talk", json=rule)).status_code == 200
    renamed = [{**STAGES[0], "code": "chat"}, *STAGES[1:]]
    other = {**PIPELINE, "stages": renamed, "transitions": [["chat", "won"]]}
    refused = await api.put("/v1/pipelines/short", json=other, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["value"]) == (422, "talk")


async def test_an_account_is_changed_and_keeps_a_name(api: httpx.AsyncClient) -> None:
    made = await api.post(
        "/v1/accounts",
        json={"external_id": "acme", "name": "Acme", "sector": "steel"},
        headers={"Idempotency-Key": "a"},
    )
    path = f"/v1/accounts/{made.json()['id']}"
    refused = await api.patch(path, json={"name": None}, headers={"If-Match": "*"})
    assert refused.status_code == 422
    assert "name cannot be emptied" in refused.json()["detail"]
    emptied = await api.patch(path, json={"sector": None}, headers={"If-Match": '"1"'})
    assert (emptied.status_code, emptied.json()["sector"]) == (200, None)


async def test_an_account_that_another_adds_at_the_same_moment_is_taken(
    api: httpx.AsyncClient, database: Database
) -> None:
    body = {"external_id": "acme", "name": "Acme"}
    async with database.transaction() as tx:
        rows = [AccountIn.model_validate(body).model_dump()]
        await put_accounts(tx, rows, cause=Cause.start())
        posts = [
            asyncio.create_task(
                api.post("/v1/accounts", json=row, headers={"Idempotency-Key": row["name"]})
            )
            for row in (body, {**body, "name": "Another"})
        ]
        await eventually(lambda: waits_for_a_lock(database))
    for refused in await asyncio.gather(*posts):
        assert (refused.status_code, refused.json()["field"]) == (409, "external_id")
    [kept] = (await api.get("/v1/accounts")).json()["items"]
    assert (kept["name"], kept["sequence"]) == ("Acme", 1)
