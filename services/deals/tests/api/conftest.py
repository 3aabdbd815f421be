import httpx
import pytest_asyncio

PRODUCT = {"name": "Pump", "list_price": "100", "cost": "20", "family": "machines"}


@pytest_asyncio.fixture
async def api(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of an installation with a company, a product, a region, a team and an owner."""
    company = {"name": "Kestrel", "currency": "EUR", "time_zone": "Europe/Berlin"}
    for path, body in (
        ("company", company),
        ("regions/north", {"name": "North"}),
        ("teams/pumps", {"name": "Pumps", "region": "north"}),
        ("owners/ann", {"name": "Ann", "team": "pumps"}),
        ("products/pump", PRODUCT),
    ):
        answer = await client.put(f"/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
    return client
