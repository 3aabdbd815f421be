"""Load the demonstration company through the public REST routes, as its own systems would.

It can be repeated: everything is written by its own code or id, and the day of the company is the
day of the opening balance, which goes in first. Sales that are too old to be anybody's receivable
enter as demand history, without an event each.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import httpx

from takt.standalone.company import wire
from takt.standalone.company.generate import generate_company
from takt.standalone.company.rows import Company, Deal, Sale

SEED = 20
ReportProgress = Callable[[str, int, int], None]
"""What is being loaded, how many rows of it are in, of how many."""

_RECENT = timedelta(weeks=13)
_CHUNK = 250
_HISTORY_CHUNK = 5_000
_ANY = {"If-Match": "*"}
_PASSING = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
_PAUSES = (0.5, 1, 2, 4)
"""Seconds to wait before a request that met a passing problem goes out again; all may be."""
_POLL_SECONDS = 0.7
_QUIET_POLLS = 2
_SETTLE_SECONDS = 60
_NO_MINIMUM = Decimal(-1_000_000_000)
"""Until everything is in, so that half a company raises no shortfall."""

Row = TypeVar("Row")


class LoadFailed(Exception):
    """Takt refused a part of the demonstration company; the message holds its reason."""


async def load(url: str, key: str, progress: ReportProgress) -> None:
    """Load the company into a running Takt.

    Args:
        url: the door's address.
        key: an administrator's key.
        progress: told after every step.

    Raises:
        LoadFailed: a route refused its part.
    """
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        await load_company(client, progress)


async def load_company(client: httpx.AsyncClient, progress: ReportProgress) -> Company:
    """Load the company as of Takt's business date; returns it.

    Raises:
        LoadFailed: a route refused its part.
    """
    today = await _company_day(client)
    company = generate_company(SEED, datetime(today.year, today.month, today.day, tzinfo=UTC))
    await _set_opening(client, company, today, _NO_MINIMUM)
    await _load_catalog(client, company, progress)
    await _settle(client)
    old, recent = _by_age(company.sales, today - _RECENT)
    await _load_history(client, [sale for sale in old if sale.deal is None], progress)
    await _load_deals(client, company.deals, today, progress)
    line_ids = await _line_ids(client, {sale.deal for sale in recent if sale.deal})
    await _load_sales(client, recent, line_ids, progress)
    await _settle(client)
    await _send(client, "POST", "/v1/forecasts/refits", {"combination": False})
    await _first_version(client)
    await _settle(client)
    await _load_network(client, company, progress)
    await _settle(client)
    await _set_opening(client, company, today, company.minimum_balance)
    return company


async def _company_day(client: httpx.AsyncClient) -> date:
    """The day of a load that was interrupted, else the business date."""
    opening = await client.get("/v1/cash/opening")
    if opening.status_code == httpx.codes.OK:
        return date.fromisoformat(opening.json()["on"])
    cash = await _send(client, "GET", "/v1/cash")
    return datetime.fromisoformat(cash["as_of"]).date()


async def _set_opening(
    client: httpx.AsyncClient, company: Company, today: date, minimum: Decimal
) -> None:
    balance = str(company.opening_balance)
    body = {"on": str(today), "balance": balance, "minimum": str(minimum)}
    await _send(client, "PUT", "/v1/cash/opening", body, _ANY)


async def _settle(client: httpx.AsyncClient) -> None:
    """Wait until every service has handled what was loaded, a minute at most.

    A lag that is not known yet, since a consumer still begins, is no lag of zero.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    quiet = 0
    while quiet < _QUIET_POLLS and time.monotonic() < deadline:
        status = await _send(client, "GET", "/v1/status")
        waiting = [
            service
            for service in status["services"]
            if service["lag"] != 0 or service["outbox_unsent"] != 0
        ]
        quiet = 0 if waiting else quiet + 1
        await asyncio.sleep(_POLL_SECONDS)


async def _first_version(client: httpx.AsyncClient) -> None:
    """Wait until forecasts were published, which they are once they are fitted; a minute at most.

    Planning and deviations begin with forecasts that stand.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        if (await _send(client, "GET", "/v1/forecast-versions"))["items"]:
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _load_catalog(
    client: httpx.AsyncClient, company: Company, progress: ReportProgress
) -> None:
    """Everything that deals and sales refer to, and the fixed payments."""
    known = await client.get("/v1/company")
    if known.status_code == httpx.codes.NOT_FOUND:
        await _send(client, "PUT", "/v1/company", wire.company_body(company))
    for noun, rows in wire.catalog_bodies(company).items():
        await _send(client, "POST", f"/v1/{noun}/upserts", rows)
        progress(noun, len(rows), len(rows))
    await _send(client, "PUT", "/v1/fixed-payments", wire.fixed_payments_body(company), _ANY)
    progress("fixed-payments", len(company.fixed_payments), len(company.fixed_payments))


async def _load_network(
    client: httpx.AsyncClient, company: Company, progress: ReportProgress
) -> None:
    """Supply, after the forecasts: planned before them, it would propose what nobody needs."""
    for noun, rows in wire.network_bodies(company).items():
        await _send(client, "PUT", f"/v1/{noun}", {"items": rows})
        progress(noun, len(rows), len(rows))


async def _load_history(
    client: httpx.AsyncClient, sales: Sequence[Sale], progress: ReportProgress
) -> None:
    for chunk, done in _chunks(sales, _HISTORY_CHUNK):
        report = await _send(client, "POST", "/v1/demand-history/imports", wire.history_body(chunk))
        if report["errors"]:
            raise LoadFailed(f"/v1/demand-history/imports refused {report['errors'][0]}")
        progress("demand-history", done, len(sales))


async def _load_deals(
    client: httpx.AsyncClient, deals: Sequence[Deal], today: date, progress: ReportProgress
) -> None:
    """Deals in the order in which they last moved, as a CRM would have told them.

    What has left by now never becomes open demand; the ERP tells later on which day it left.
    """
    told = sorted(deals, key=lambda deal: deal.history[-1].entered_at)
    for chunk, done in _chunks(told, _CHUNK):
        bodies = [wire.deal_body(deal, shipped=has_left(deal, today)) for deal in chunk]
        answer = await _send(client, "POST", "/v1/deals/upserts", {"items": bodies})
        if answer["failed"]:
            problem = next(item["problem"] for item in answer["items"] if item.get("problem"))
            raise LoadFailed(f"/v1/deals/upserts refused {problem}")
        progress("deals", done, len(told))


def has_left(deal: Deal, today: date) -> bool:
    """Whether everything that the deal sold was shipped before today."""
    return deal.status == "won" and all(line.requested_on < today for line in deal.lines)


async def _line_ids(client: httpx.AsyncClient, deals: set[str]) -> dict[str, str]:
    """Takt's ids of the lines of these deals, by reference."""
    ids: dict[str, str] = {}
    cursor: str | None = None
    while True:
        params = {"source": wire.CRM, "status": "won", "limit": "1000"}
        if cursor is not None:
            params["cursor"] = cursor
        page = await _send(client, "GET", "/v1/deals", params=params)
        for deal in page["items"]:
            if deal["external_id"] in deals:
                ids |= {line["reference"]: line["id"] for line in deal["lines"]}
        cursor = page["next"]
        if cursor is None:
            return ids


async def _load_sales(
    client: httpx.AsyncClient,
    sales: Sequence[Sale],
    line_ids: dict[str, str],
    progress: ReportProgress,
) -> None:
    for chunk, done in _chunks(sales, _CHUNK):
        bodies = [wire.sale_body(sale, line_ids) for sale in chunk]
        await _send(client, "POST", "/v1/sales/upserts", {"items": bodies})
        progress("sales", done, len(sales))


async def _send(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
) -> Any:
    for pause in (*_PAUSES, None):
        answer = await client.request(method, path, json=body, headers=headers, params=params)
        if answer.status_code not in _PASSING or pause is None:
            break
        await asyncio.sleep(pause)
    if answer.is_error:
        raise LoadFailed(f"{method} {path}: {answer.status_code} {answer.text[:2000]}")
    return answer.json() if answer.content else None


def _by_age(sales: Iterable[Sale], first: date) -> tuple[list[Sale], list[Sale]]:
    """Sales before and from that day."""
    old: list[Sale] = []
    recent: list[Sale] = []
    for sale in sales:
        (recent if sale.sold_on >= first else old).append(sale)
    return old, recent


def _chunks(rows: Sequence[Row], size: int) -> Iterator[tuple[Sequence[Row], int]]:
    """Parts of at most `size`, each with the number of rows up to its end."""
    for begin in range(0, len(rows), size):
        part = rows[begin : begin + size]
        yield part, begin + len(part)
