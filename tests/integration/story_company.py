"""A small company through the public routes: two lamps that share a driver, steady sales."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx

PRODUCTS = ("LAMP-A", "LAMP-B")
COMPONENT = "DRIVER"
REGION, SITE, SUPPLIER = "NORTH", "MAIN", "VOLT"
STAGES = (
    ("lead-qualification", "Lead qualification"),
    ("needs-confirmation", "Needs confirmation"),
    ("solution-design", "Solution design"),
    ("negotiation", "Negotiation"),
)
OPEN_DEALS = 12


async def put(client: httpx.AsyncClient, path: str, body: Any, **headers: str) -> Any:
    """PUT and read the answer; anything but success is an error."""
    answer = await client.put(path, json=body, headers=headers)
    assert answer.is_success, (path, answer.text)
    return answer.json()


async def post(client: httpx.AsyncClient, path: str, body: Any, **headers: str) -> Any:
    """POST and read the answer; anything but success is an error."""
    answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, (path, answer.text)
    return answer.json()


async def load_company(
    client: httpx.AsyncClient, today: date, *, open_deals: int = OPEN_DEALS
) -> list[str]:
    """Load it all; returns the ids of its open deals, which stand in solution design."""
    await put(
        client, "/v1/company", {"name": "Lumen", "currency": "EUR", "time_zone": "Europe/Berlin"}
    )
    await put(client, f"/v1/regions/{REGION}", {"name": "North"})
    await put(client, "/v1/teams/ONE", {"name": "Team one", "region": REGION})
    await put(client, "/v1/owners/ann", {"name": "Ann", "team": "ONE"})
    for product, price in zip(PRODUCTS, ("100", "150"), strict=True):
        body = {"name": product, "family": "Lamps", "list_price": price, "cost": "40"}
        await put(client, f"/v1/products/{product}", body)
    account = {"external_id": "acme", "source": "crm", "name": "Acme", "region": REGION}
    await post(client, "/v1/accounts/upserts", [account])
    await load_supply(client, today)
    await load_cash(client, today)
    await load_sales(client, today)
    return await load_deals(client, today, open_deals)


async def load_supply(client: httpx.AsyncClient, today: date) -> None:
    """Products are made of one driver each, which is bought."""
    await put(client, "/v1/sites", {"items": [{"code": SITE, "name": "Main"}]})
    made = {"site": SITE, "source": "make", "lead_time_days": 2}
    bought = {"site": SITE, "source": "buy", "safety_stock": "20"}
    items = [{"code": p, "name": p, "sites": [made]} for p in PRODUCTS]
    items.append({"code": COMPONENT, "name": "Driver", "sites": [bought]})
    await put(client, "/v1/items", {"items": items})
    boms = [
        {"item": p, "components": [{"component": COMPONENT, "quantity": "1"}]} for p in PRODUCTS
    ]
    await put(client, "/v1/bills-of-material", {"items": boms})
    offer = {
        "item": COMPONENT, "lead_time_days": 14, "minimum": "10", "multiple": "4",
        "price_breaks": [{"price": "12"}, {"quantity": "500", "price": "11"}],
    }  # fmt: skip
    supplier = {"code": SUPPLIER, "name": "Volt", "payment_days": 30, "offers": [offer]}
    await put(client, "/v1/suppliers", {"items": [supplier]})
    since = (today - timedelta(days=400)).isoformat()
    shares = [{"site": SITE, "share": "1"}]
    rules = [
        {"product": p, "region": REGION, "valid_from": since, "shares": shares} for p in PRODUCTS
    ]
    await put(client, "/v1/sourcing", {"items": rules})
    stock = [{"item": COMPONENT, "site": SITE, "on_hand": "60"}]
    await put(client, "/v1/stock", {"items": stock})


async def load_cash(client: httpx.AsyncClient, today: date) -> None:
    """An opening balance and a rent."""
    opening = {"on": today.isoformat(), "balance": "20000", "minimum": "5000"}
    await put(client, "/v1/cash/opening", opening, **{"If-Match": '"0"'})
    rent = {
        "code": "rent", "name": "Rent", "category": "rent", "amount": "1500",
        "recurrence": "monthly", "first_on": today.replace(day=1).isoformat(),
    }  # fmt: skip
    await put(client, "/v1/fixed-payments", {"items": [rent]}, **{"If-Match": '"0"'})


async def load_sales(client: httpx.AsyncClient, today: date) -> None:
    """A year of steady weekly sales, all shipped, the last ones in the week of today."""
    monday = today - timedelta(days=today.weekday())
    items = []
    for week in range(53):
        for product, quantity in zip(PRODUCTS, (20, 12), strict=True):
            sold_on = (monday - timedelta(weeks=week) + timedelta(days=2)).isoformat()
            varied = quantity + (week % 3) - 1
            items.append(
                {
                    "source": "till", "order_line": f"{product}-{week}", "product": product,
                    "region": REGION, "quantity": str(varied), "price": "100" if
                    product == PRODUCTS[0] else "150", "sold_on": sold_on,
                    "shipped_quantity": str(varied), "shipped_on": sold_on,
                }
            )  # fmt: skip
    await post(client, "/v1/sales/upserts", {"items": items})


async def load_deals(client: httpx.AsyncClient, today: date, open_deals: int) -> list[str]:
    """A year of closed deals for the win curves, and open ones in solution design."""
    items = []
    for n in range(60):
        opened = today - timedelta(days=300 - 3 * n)
        closing = "won" if n % 2 else "lost"
        steps = [(STAGES[0][0], 0), (STAGES[2][0], 10), (closing, 30 + n % 7)]
        items.append(_deal(f"old-{n}", opened, steps, shipped=closing == "won"))
    for n in range(open_deals):
        steps = [(STAGES[0][0], 0), (STAGES[2][0], 8)]
        product = PRODUCTS[n % 2]
        opened = today - timedelta(days=20)
        items.append(_deal(f"open-{n}", opened, steps, product=product, quantity=40))
    answer = await post(client, "/v1/deals/upserts", {"items": items})
    assert answer["failed"] == 0, [i for i in answer["items"] if "problem" in i][:2]
    return [item["id"] for item in answer["items"] if item["external_id"].startswith("open-")]


def _deal(
    external_id: str,
    opened: date,
    steps: list[tuple[str, int]],
    *,
    product: str = PRODUCTS[0],
    quantity: int = 5,
    shipped: bool = False,
) -> dict[str, Any]:
    history = [
        {"stage": stage, "entered_at": f"{opened + timedelta(days=days)}T08:00:00Z"}
        for stage, days in steps
    ]
    price = "100" if product == PRODUCTS[0] else "150"
    line = {"product": product, "quantity": str(Decimal(quantity)), "price": price}
    return {
        "source": "crm", "external_id": external_id, "name": f"Deal {external_id}",
        "account": "acme", "owner": "ann", "region": REGION, "stage": steps[-1][0],
        "history": history, "lines": [line], "shipped": shipped,
        "documents": [{"kind": "requirements", "name": "Requirements"}],
        "expected_close": (opened + timedelta(days=45)).isoformat(),
    }  # fmt: skip
