"""The pages: closed by default, without scripts, and useful."""

import base64
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest
import pytest_asyncio

from takt.common.testing import NewKey, eventually
from takt.console.api.pages import milliseconds

from ..conftest import Ground, House, house_of  # noqa: TID252 - the house of this folder

PAGES = ("/status", "/docs", "/openapi.json")


def basic(password: str, user: str = "takt") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Parsed(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


async def sell(house: House) -> None:
    """Sell something, and wait until it is forecast."""
    lines = [{"product": "<lamp>", "quantity": "1"}]
    answer = await house.client.post("/v1/sales/batches", json={"lines": lines})
    assert answer.status_code == 200

    async def forecast() -> bool:
        return bool(house.door.state.events.forecasts)

    await eventually(forecast)


async def test_the_status_page_shows_services_events_with_delays_and_a_forecast(
    house: House,
) -> None:
    await sell(house)
    answer = await house.client.get("/status")
    assert answer.status_code == 200
    page = Parsed(answer.text)
    assert "Everything runs." in page.text
    assert "takt.sale.closed.v1" in page.text
    assert re.search(r"[\d.]+ ms forecast\.sales", page.text)
    assert page.tags.count("svg") == 3, "the mark, and the chart in two widths"
    assert "Forecast of <lamp> in north, each per week" in page.text
    assert "week beginning on Monday" in page.text
    assert "<lamp>" not in answer.text, "what came from outside is escaped"


async def test_a_page_is_made_without_scripts_and_loads_nothing_from_elsewhere(
    together: House,
) -> None:
    await sell(together)
    for path in ("/status", "/docs"):
        answer = await together.client.get(path)
        page = Parsed(answer.text)
        assert not {"script", "iframe", "object", "form", "base", "style"} & set(page.tags)
        names = {name for name, _ in page.attributes}
        assert not {name for name in names if name.startswith("on")} | (names & {"style"})
        loaded = [v for n, v in page.attributes if n in ("href", "src", "action", "xlink:href")]
        assert loaded
        assert all(re.match(r"(/(?!/)|#)", address) for address in loaded)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        style = next(v for n, v in page.attributes if n == "href" and v.startswith("/style"))
        sheet = await together.client.get(style)
        assert sheet.headers["content-type"].startswith("text/css")
        assert "url(" not in sheet.text
        assert "@import" not in sheet.text


async def test_pages_are_closed_and_a_browser_asks_for_the_key(
    together: House, new_key: NewKey
) -> None:
    key = await new_key("events:read")
    async with httpx.AsyncClient(base_url=together.url) as client:
        for path in PAGES:
            refused = await client.get(path, headers={"Accept": "text/html"})
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Basic ")
            assert refused.headers["content-type"].startswith("text/html")
            for headers in (basic(key), {"Authorization": f"Bearer {key}"}):
                assert (await client.get(path, headers=headers)).status_code == 200
            for wrong in (
                basic("takt_00000000_x"),
                basic(key, user="admin"),
                {"Authorization": "Basic %%"},
                basic(await new_key("events:read", revoked=True)),
            ):
                assert (await client.get(path, headers=wrong)).status_code == 401
        problem = await client.get("/status", headers={"Accept": "application/json"})
        assert problem.json()["remedy"]
        other = basic(await new_key("cash:read"))
        assert (await client.get("/status", headers=other)).status_code == 403
        assert (await client.get("/docs", headers=other)).status_code == 200
        assert (await client.get("/v1/status", headers=basic(key))).status_code == 401


async def test_the_forecast_is_shown_to_who_may_read_forecasts(
    together: House, new_key: NewKey
) -> None:
    await sell(together)
    async with httpx.AsyncClient(base_url=together.url) as client:
        page = await client.get("/status", headers=basic(await new_key("events:read")))
    assert Parsed(page.text).tags.count("svg") == 1
    assert "forecast:read" in page.text
    assert "lamp" not in page.text


@pytest_asyncio.fixture
async def trusting(ground: Ground, new_key: NewKey) -> AsyncIterator[House]:
    """A door that shows its pages to this very machine."""
    page_key = await new_key("events:read", "forecast:read")
    async with house_of(ground, apart=False, page_key=page_key) as house:
        yield house


async def test_a_trusted_machine_sees_the_pages_and_nothing_else(trusting: House) -> None:
    port = trusting.url.rpartition(":")[2]
    statuses = {}
    async with httpx.AsyncClient(base_url=trusting.url) as client:
        for path in PAGES:
            assert (await client.get(path)).status_code == 200
        for path in ("/v1/status", "/v1/events", "/v1/deals/echo"):
            assert (await client.get(path)).status_code == 401
        for host in (
            "localhost",
            f"localhost:{port}",
            f"127.0.0.1:{port}",
            f"[::1]:{port}",
            f"takt.example:{port}",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "[::1].evil.example",
            "[::2]",
        ):
            statuses[host] = (await client.get("/status", headers={"Host": host})).status_code
        for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Forwarded-Host"):
            statuses[header] = (await client.get("/status", headers={header: "x"})).status_code
        wrong_key = await client.get("/status", headers=basic("takt_00000000_x"))
    assert statuses == {
        "localhost": 200, f"localhost:{port}": 200, f"127.0.0.1:{port}": 200, f"[::1]:{port}": 200,
        f"takt.example:{port}": 401, "127.0.0.1.evil.example": 401, "localhost.evil.example": 401,
        "[::1].evil.example": 401, "[::2]": 401,
        "X-Forwarded-For": 401, "Forwarded": 401, "Via": 401, "X-Forwarded-Host": 401,
    }  # fmt: skip
    assert wrong_key.status_code == 401


async def test_the_reference_shows_every_route_with_its_scope(house: House) -> None:
    page = Parsed((await house.client.get("/docs")).text)
    assert "POST /v1/sales Sell some lines. deals:write" in page.text
    assert "GET /v1/events Events as they happen" in page.text
    assert "DealsLine" in page.text
    assert "ForecastLine" in page.text
    assert "/ops/" not in page.text
    anchors = {value for name, value in page.attributes if name == "id"}
    links = {value[1:] for name, value in page.attributes if name == "href" and value[0] == "#"}
    assert links <= anchors, "every link within the page leads somewhere"


async def test_the_merged_document_names_a_service_that_is_away(composed: House) -> None:
    await composed.stop("forecast")
    document = (await composed.client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert document["x-takt-missing"] == ["forecast"]
    assert "/v1/sales" in document["paths"]
    assert "/v1/forecasts/{product}" not in document["paths"]
    assert document["paths"]["/v1/sales"]["post"]["security"] == [{"key": ["deals:write"]}]
    page = Parsed((await composed.client.get("/docs")).text)
    assert "Left out, because they do not answer now: forecast." in page.text
    status = Parsed((await composed.client.get("/status")).text)
    assert "Forecast does not answer." in status.text


@pytest.mark.parametrize(
    ("ms", "read"),
    [
        (0, "0.0 ms"),
        (4.24, "4.2 ms"),
        (36.6, "37 ms"),
        (1_400, "1.4 s"),
        (64_000, "64 s"),
        (180_000, "3 min"),
        (7_200_000, "2 h"),
    ],
)
def test_a_delay_is_said_as_one_reads_it(ms: float, read: str) -> None:
    assert milliseconds(ms) == read
