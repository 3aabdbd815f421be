from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from takt.common.testing import NOW

from .test_deals import open_deal

RULES = {
    "usual": {"role": "sales-manager", "maximum_discount": "0.1", "maximum_surcharge": "0.2"},
    "margin": {"role": "director", "minimum_gross_margin": "0.75"},
}


async def prices(api: httpx.AsyncClient, deal: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/deals/{deal}/prices")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def limit(api: httpx.AsyncClient, *codes: str) -> None:
    for code in codes:
        assert (await api.put(f"/v1/price-rules/{code}", json=RULES[code])).status_code == 200


async def approve(api: httpx.AsyncClient, deal: str, role: str) -> None:
    body = {"role": role, "expires_at": (NOW + timedelta(days=7)).isoformat()}
    headers = {"If-Match": "*", "Idempotency-Key": str(uuid4())}
    answer = await api.post(f"/v1/deals/{deal}/approvals", json=body, headers=headers)
    assert answer.status_code == 201, answer.text


async def test_a_line_is_shown_with_list_price_cost_margin_and_limits(
    api: httpx.AsyncClient,
) -> None:
    await limit(api, "usual", "margin")
    deal = await open_deal(api, lines=[{"product": "pump", "quantity": "5", "price": "96"}])
    found = await prices(api, deal["id"])
    [line] = found["lines"]
    assert line == {
        "line_id": deal["lines"][0]["id"],
        "product": "pump",
        "name": "Pump",
        "unit": "each",
        "quantity": "5",
        "price": "96",
        "list_price": "100",
        "cost": "20",
        "discount": "0.04",
        "margin": "76",
        "margin_share": "0.791667",
        "floor": {"price": "90", "rule": "usual", "role": "sales-manager"},
        "ceiling": {"price": "120", "rule": "usual", "role": "sales-manager"},
        "inside": True,
        "approved": False,
        "refusals": [],
    }
    sums = ("value", "list_value", "discount", "cost", "margin", "margin_share", "currency")
    assert [found[name] for name in sums] == ["480", "500", "0.04", "100", "380", "0.791667", "EUR"]


async def test_the_floor_is_the_highest_and_its_price_is_the_lowest_that_is_taken(
    api: httpx.AsyncClient,
) -> None:
    deal = await open_deal(api)
    await limit(api, "margin")
    [line] = (await prices(api, deal["id"]))["lines"]
    assert line["floor"] == {"price": "80", "rule": "margin", "role": "director"}
    assert line["ceiling"] is None
    await limit(api, "usual")
    [line] = (await prices(api, deal["id"]))["lines"]
    assert line["floor"]["price"] == "90"
    path, any_version = f"/v1/deals/{deal['id']}", {"If-Match": "*"}
    row = {"product": "pump", "quantity": "5"}
    for price, status in (("89.999999", 409), ("90", 200), ("120.000001", 409), ("120", 200)):
        body = {"lines": [{**row, "price": price}]}
        assert (await api.patch(path, json=body, headers=any_version)).status_code == status


async def test_a_line_outside_is_approved_only_when_every_rule_that_objects_has_its_role(
    api: httpx.AsyncClient,
) -> None:
    deal = await open_deal(api, lines=[{"product": "pump", "quantity": "5", "price": "70"}])
    await limit(api, "usual", "margin")

    async def standing() -> tuple[bool, bool, list[str]]:
        [line] = (await prices(api, deal["id"]))["lines"]
        refusals = [one["remedy"].split("a ")[-1].split(" ")[0] for one in line["refusals"]]
        return line["inside"], line["approved"], refusals

    assert await standing() == (False, False, ["director", "sales-manager"])
    await approve(api, deal["id"], "sales-manager")
    assert await standing() == (False, False, ["director"])
    await approve(api, deal["id"], "director")
    assert await standing() == (False, True, [])


async def test_what_has_no_cost_has_no_margin_and_leaves_the_sum_open(
    api: httpx.AsyncClient,
) -> None:
    await api.put("/v1/products/advice", json={"name": "Advice", "list_price": "50"})
    advice = {"product": "advice", "quantity": "1", "price": "60"}
    deal = await open_deal(api, lines=[advice, {"product": "pump", "quantity": "1", "price": "10"}])
    found = await prices(api, deal["id"])
    assert (found["list_value"], found["discount"]) == ("150", "0.533333")
    assert (found["cost"], found["margin"], found["margin_share"]) == (None, None, None)
    assert (found["lines"][0]["discount"], found["lines"][1]["margin"]) == ("-0.2", "-10")
    empty = await prices(api, (await open_deal(api, lines=[]))["id"])
    assert (empty["value"], empty["margin_share"], empty["lines"]) == ("0", None, [])
    assert (await api.get(f"/v1/deals/{uuid4()}/prices")).status_code == 404
