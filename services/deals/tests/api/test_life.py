from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from takt.common.db import Database
from takt.common.testing import NOW

from .test_deals import move, open_deal

WAY = ("needs-confirmation", "solution-design", "negotiation", "won")


async def life(api: httpx.AsyncClient, deal: str, **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/deals/{deal}/life", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def lived(api: httpx.AsyncClient) -> tuple[str, dict[str, str]]:
    """A deal to which everything has happened, and the chains of it."""
    chains = {name: str(uuid4()) for name in ("price", "document", "approval", "won")}
    account = {"external_id": "acme", "name": "Acme"}
    made = await api.post("/v1/accounts", json=account, headers={"Idempotency-Key": "a"})
    deal = await open_deal(api, account_id=made.json()["id"])
    path, any_version = f"/v1/deals/{deal['id']}", {"If-Match": "*"}
    approval = {"role": "sales-manager", "expires_at": (NOW + timedelta(days=7)).isoformat()}
    headers = {**any_version, "Idempotency-Key": "p", "Correlation-Id": chains["approval"]}
    await api.post(f"{path}/approvals", json={**approval, "reason": "big"}, headers=headers)
    line = {**deal["lines"][0], "price": "95"}
    valve = {"product": "pump", "quantity": "2", "price": "90.50"}
    changes = {"lines": [line, valve], "expected_close": "2026-12-24", "name": "Seven pumps"}
    headers = {**any_version, "Correlation-Id": chains["price"]}
    await api.patch(path, json=changes, headers=headers)
    headers = {**any_version, "Correlation-Id": chains["document"]}
    await api.put(f"{path}/documents/requirements", json={"name": "Wishes"}, headers=headers)
    for stage in ("needs-confirmation", "lead-qualification", *WAY[:-1]):
        assert (await move(api, deal["id"], stage)).status_code == 200
    headers = {**any_version, "Correlation-Id": chains["won"]}
    body = {"stage": "won", "reason": "best price"}
    assert (await api.post(f"{path}/stage", json=body, headers=headers)).status_code == 200
    sales = (await api.get("/v1/sales", params={"deal_id": deal["id"]})).json()["items"]
    shipment = {"shipped_quantity": "1", "shipped_on": "2026-11-23"}
    await api.put(f"/v1/sales/{sales[0]['sale_id']}/shipment", json=shipment, headers=any_version)
    return deal["id"], chains


async def test_every_fact_is_told_once_the_latest_first(api: httpx.AsyncClient) -> None:
    deal, chains = await lived(api)
    facts = await life(api, deal)
    assert [fact["kind"] for fact in facts] == [
        "shipped",
        "sold",
        "sold",
        "won",
        *["moved"] * 5,
        "document",
        "approval_voided",
        "changed",
        "approved",
        "opened",
    ]
    won, moves, document, voided, changed, approved, opened = (
        facts[3],
        facts[4:9],
        *facts[9:],
    )
    assert (won["reason"], won["from_stage"], won["correlation_id"]) == (
        "best price",
        "negotiation",
        chains["won"],
    )
    assert {fact["correlation_id"] for fact in facts[1:3]} == {chains["won"]}
    assert [fact.get("by") for fact in facts] == [None] * 3 + ["test"] * 11
    assert [fact["taken_back"] for fact in moves] == [False, False, False, True, True]
    assert (document["document"], document["name"]) == ("requirements", "Wishes")
    assert document["correlation_id"] == chains["document"]
    assert voided["approval_id"] == approved["approval_id"]
    assert (approved["by"], approved["reason"], approved["offers"][0]["price"]) == (
        "test",
        "big",
        "100",
    )
    assert approved["correlation_id"] == chains["approval"]
    assert changed["correlation_id"] == chains["price"]
    assert changed["also_changed"] == ["name"]
    told = [(one["field"], one.get("before"), one.get("after")) for one in changed["changes"]]
    assert told == [
        ("expected_close", None, "2026-12-24"),
        ("value", "500", "656"),
        ("price", "100", "95"),
        ("product", None, "pump"),
        ("quantity", None, "2"),
        ("price", None, "90.5"),
    ]
    assert (opened["to_stage"], opened["on"]) == ("lead-qualification", "2026-11-23")


async def test_each_change_says_whose_it_was_and_so_does_a_refusal(
    api: httpx.AsyncClient, new_key: Any
) -> None:
    ann, ben = [
        {"Authorization": f"Bearer {await new_key('deals:write', name=name)}"}
        for name in ("ann", "ben")
    ]
    deal = await open_deal(api)
    assert deal["changed_by"] == "test"
    path, any_version = f"/v1/deals/{deal['id']}", {"If-Match": "*"}

    async def refused(method: str, address: str, body: dict[str, Any]) -> Any:
        stale = {**ann, "If-Match": '"1"', "Idempotency-Key": str(uuid4())}
        answer = await api.request(method, address, json=body, headers=stale)
        assert answer.status_code == 412
        return answer.json()["changed_by"]

    body: dict[str, Any] = {"lines": [{**deal["lines"][0], "price": "95"}]}
    changed = await api.patch(path, json=body, headers={**ben, **any_version})
    assert changed.json()["changed_by"] == "ben"
    assert await refused("PATCH", path, {"name": "Ann's"}) == "ben"
    document = {"name": "Wishes"}
    await api.put(f"{path}/documents/wishes", json=document, headers={**ann, **any_version})
    assert await refused("POST", f"{path}/stage", {"stage": "lost"}) == "ann"
    moves = [{"deal_id": deal["id"], "stage": "needs-confirmation"}]
    await api.post("/v1/deals/stage-moves", json={"moves": moves}, headers=ben)
    assert (await api.get(path)).json()["changed_by"] == "ben"
    await api.post(f"{path}/stage", json={"stage": "lost"}, headers={**ann, **any_version})
    facts = await life(api, deal["id"])
    assert [(fact["kind"], fact["by"]) for fact in facts] == [
        ("lost", "ann"),
        ("moved", "ben"),
        ("document", "ann"),
        ("changed", "ben"),
        ("opened", "test"),
    ]


async def test_what_another_system_told_is_that_system_s_change(
    api: httpx.AsyncClient, new_key: Any
) -> None:
    key = {"Authorization": f"Bearer {await new_key('deals:write', name='bridge')}"}
    await api.put("/v1/regions/south", json={"name": "South"})
    crm = {"external_id": "A1", "owner": "ann", "region": "north"}
    notice = {"source": "crm", "id": "m-1", "deal": {**crm, "stage": "negotiation"}}
    told = (await api.post("/v1/inbound/deals", json=notice, headers=key)).json()
    upsert = {"source": "crm", **crm, "region": "south", "stage": "solution-design"}
    await api.post("/v1/deals/upserts", json={"items": [upsert]}, headers=key)
    facts = await life(api, told["id"])
    assert [(fact["kind"], fact["by"]) for fact in facts] == [
        ("moved", "bridge"),
        ("changed", "bridge"),
        ("opened", "crm"),
    ]


async def test_pages_show_every_fact_once_though_life_goes_on_meanwhile(
    api: httpx.AsyncClient,
) -> None:
    deal, _ = await lived(api)
    whole = await life(api, deal)
    pages: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await api.get(f"/v1/deals/{deal}/life", params=params)).json()
        pages += page["items"]
        if len(pages) == 3:
            headers = {"If-Match": "*"}
            await api.patch(f"/v1/deals/{deal}", json={"name": "Later"}, headers=headers)
        cursor = page.get("next")
        if cursor is None:
            break
    # What comes in between may show on a later page; what was there shows once and in order.
    assert [fact for fact in pages if fact in whole] == whole
    assert len(pages) <= len(whole) + 1
    refused = await api.get(f"/v1/deals/{deal}/life", params={"cursor": "WyJ4Il0"})
    assert refused.status_code == 400
    assert (await api.get(f"/v1/deals/{uuid4()}/life")).status_code == 404


async def test_without_the_outbox_the_facts_stay_and_only_the_chains_are_gone(
    api: httpx.AsyncClient, database: Database
) -> None:
    deal, _ = await lived(api)
    whole = await life(api, deal)
    async with database.transaction() as tx:
        await tx.exec_driver_sql("DELETE FROM outbox")
    for fact in whole:
        fact.pop("correlation_id", None)
        if "also_changed" in fact:
            fact["also_changed"] = []
    assert await life(api, deal) == whole
