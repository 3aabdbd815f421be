from datetime import timedelta

import httpx

from takt.common.testing import NOW

TODAY, TOMORROW = NOW.date().isoformat(), (NOW.date() + timedelta(days=1)).isoformat()
ANY = {"If-Match": "*"}


async def sold(api: httpx.AsyncClient) -> str:
    """The address of a sale of five pumps."""
    item = {
        "source": "erp",
        "order_line": "4711-1",
        "product": "pump",
        "region": "north",
        "quantity": "5",
        "price": "98",
        "sold_on": TODAY,
    }
    [sale] = (await api.post("/v1/sales/upserts", json={"items": [item]})).json()
    return f"/v1/sales/{sale['sale_id']}"


async def test_what_leaves_has_left_and_was_sold(api: httpx.AsyncClient) -> None:
    sale = await sold(api)
    for quantity, day, field in (("5", TOMORROW, "shipped_on"), ("6", TODAY, "shipped_quantity")):
        body = {"shipped_quantity": quantity, "shipped_on": day}
        refused = await api.put(f"{sale}/shipment", json=body, headers=ANY)
        assert (refused.status_code, refused.json()["field"]) == (422, field)
        assert refused.json()["remedy"]
    body = {"shipped_quantity": "5", "shipped_on": TODAY}
    shipped = await api.put(f"{sale}/shipment", json=body, headers={"If-Match": '"1"'})
    assert (shipped.status_code, shipped.json()["shipped_quantity"]) == (200, "5")
    body = {"shipped_quantity": "4", "shipped_on": TODAY}
    refused = await api.put(f"{sale}/shipment", json=body, headers=ANY)
    assert (refused.status_code, refused.json()["field"]) == (409, "shipped_quantity")


async def test_what_comes_back_has_come_back(api: httpx.AsyncClient) -> None:
    sale = await sold(api)
    body = {"return_id": "R1", "returned_on": TOMORROW, "quantity": "1", "amount": "98"}
    refused = await api.post(f"{sale}/returns", json=body, headers=ANY)
    assert (refused.status_code, refused.json()["field"]) == (422, "returned_on")
    back = await api.post(f"{sale}/returns", json={**body, "returned_on": TODAY}, headers=ANY)
    assert (back.status_code, back.json()["returns"][0]["return_id"]) == (200, "R1")
