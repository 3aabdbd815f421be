"""Effects in every service against what their owners say, by the public routes and the tables."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from tests.integration.system import System

from .evidence import connect

MILLION = 1_000_000
CENT = Decimal("0.01")
READERS = 8
EXPECTED_RECEIPTS = 2
"""The place of expected receipts among the four sums of a week of cash."""

Rows = dict[str, Any]


async def unequal_effects(system: System) -> list[str]:
    """What differs between owners and followers, in words."""
    deals = await _rows(system, "deals", "SELECT id::text, sequence, stage, status FROM deals")
    replicas = await _rows(
        system,
        "forecast",
        "SELECT deal_id::text AS id, sequence, stage, status, demand_sequence FROM deals",
    )
    series = await _rows(
        system, "forecast", "SELECT product || '|' || region AS id, revision FROM series"
    )
    async with system.client() as client:
        demand = await _pipeline_demand(client, list(replicas))
        forecasts = {
            f"{item['product']}|{item['region']}": item
            for item in (await client.get("/v1/forecasts")).json()["items"]
        }
    return [
        *_same("forecast's replica of deal", _only(replicas, 3), _only(deals, 3)),
        *_same_pipeline(demand, forecasts),
        *await _probabilities(system, replicas),
        *await _procurement(system, forecasts),
        *await _finance(system, deals, replicas, series, demand),
        *await _alerting(system, deals),
    ]


async def _probabilities(system: System, replicas: Rows) -> list[str]:
    """Deals keeps the last that forecast said of each deal."""
    kept = await _rows(
        system, "deals", "SELECT deal_id::text AS id, sequence FROM win_probabilities"
    )
    said = {deal: (row["demand_sequence"],) for deal, row in replicas.items()}
    return _same("the probability in deals of", _only(kept, 1), said)


def _same_pipeline(demand: Rows, forecasts: Rows) -> list[str]:
    """The pipeline part of each series is the sum of its deals, to the millionth."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for deal in demand.values():
        for line in deal["lines"]:
            for part in line["expected"]:
                place = f"{line['product']}|{line['region']}", part["week"]
                sums[place] += int(Decimal(part["quantity"]) * MILLION)
    told = {
        (series, bucket["week"]): int(Decimal(bucket["pipeline"]) * MILLION)
        for series, item in forecasts.items()
        for bucket in item["buckets"]
    }
    return _same("pipeline of", _without_nothing(told), _without_nothing(sums))


async def _procurement(system: System, forecasts: Rows) -> list[str]:
    """The plan's demand is the newest forecast; an item is proposed once for a period."""
    kept = await _rows(
        system,
        "procurement",
        "SELECT product || '|' || region AS id, sequence, demand::text FROM forecasts",
    )
    followed = {
        (series, week): (row["sequence"], quantity)
        for series, row in kept.items()
        for week, quantity, *_ in json.loads(row["demand"])
    }
    told = {
        (series, bucket["week"]): (item["revision"], int(Decimal(bucket["quantity"]) * MILLION))
        for series, item in forecasts.items()
        for bucket in item["buckets"]
    }
    twice = await _rows(
        system,
        "procurement",
        "SELECT concat_ws(' ', item, site, supplier, due_period) AS id, count(*) FROM"
        " purchase_orders WHERE status = 'proposed' GROUP BY 1 HAVING count(*) > 1",
    )
    return [
        *_same("procurement's forecast of", followed, told),
        *(f"{place} is proposed {row['count']} times" for place, row in twice.items()),
    ]


async def _finance(
    system: System, deals: Rows, replicas: Rows, series: Rows, demand: Rows
) -> list[str]:
    """Finance follows deals, demand, orders and series; its sums are those of its sources."""
    sources = await _rows(
        system, "finance", "SELECT kind || ' ' || id AS id, facts::text, weeks::text"
        " FROM cash_sources",
    )  # fmt: skip
    orders = await _rows(
        system, "procurement", "SELECT order_id::text AS id, sequence FROM purchase_orders"
    )
    weeks = await _rows(
        system,
        "finance",
        "SELECT week::text AS id, committed_receipts, committed_payments, expected_receipts,"
        " expected_payments FROM cash_weeks",
    )
    facts = {source: json.loads(row["facts"]) for source, row in sources.items()}
    flows = {source: json.loads(row["weeks"]) for source, row in sources.items()}
    followed: dict[str, tuple[int, ...]] = {
        source: (said["fact"]["sequence"], said["demand"]["sequence"])
        if source.startswith("deal ")
        else (said["sequence"],)
        for source, said in facts.items()
        if not source.startswith("sale ")
    }
    told: dict[str, tuple[int, ...]] = {
        **{f"deal {d}": (deals[d]["sequence"], replicas[d]["demand_sequence"]) for d in deals},
        **{f"order {order}": (row["sequence"],) for order, row in orders.items()},
        **{f"series {place}": (row["revision"],) for place, row in series.items()},
    }
    cash = {
        deal: CENT * sum(flow[EXPECTED_RECEIPTS] for flow in flows[f"deal {deal}"].values())
        for deal, row in deals.items()
        if row["status"] == "open"
    }
    expected = {deal: _value(demand[deal]) for deal in cash}
    totals: Counter[tuple[str, int]] = Counter()
    for flow in flows.values():
        for week, cells in flow.items():
            totals.update({(week, cell): amount for cell, amount in enumerate(cells)})
    kept = {
        (week, cell): amount
        for week, row in weeks.items()
        for cell, amount in enumerate(_only({week: row}, 4)[week])
    }
    return [
        *_same("finance's source", followed, told),
        *_same("cash of deal", cash, expected),
        *_same("cash of week", _without_nothing(kept), _without_nothing(totals)),
    ]


def _value(deal: Mapping[str, Any]) -> Decimal:
    """Expected cash of a deal: each line to the cent."""
    return sum(
        (
            (
                sum(Decimal(part["quantity"]) for part in line["expected"]) * Decimal(line["price"])
            ).quantize(CENT)
            for line in deal["lines"]
        ),
        Decimal(0),
    )


async def _alerting(system: System, deals: Rows) -> list[str]:
    """Alerting follows each deal."""
    kept = await _rows(system, "alerting", "SELECT deal_id::text AS id, sequence FROM deals")
    return _same("alerting's deal", _only(kept, 1), _only(deals, 1))


async def _pipeline_demand(client: httpx.AsyncClient, deals: list[str]) -> Rows:
    """What each deal asks for, by the public route."""
    at_once = asyncio.Semaphore(READERS)

    async def read(deal: str) -> tuple[str, Any]:
        async with at_once:
            answer = await client.get(f"/v1/pipeline-demand/{deal}")
        assert answer.is_success, answer.text
        return deal, answer.json()

    return dict(await asyncio.gather(*map(read, deals)))


async def _rows(system: System, part: str, query: str) -> Rows:
    """Rows by their `id`."""
    connection = await connect(system, part)
    try:
        return {row["id"]: row for row in await connection.fetch(query)}
    finally:
        await connection.close()


def _only(rows: Rows, columns: int) -> dict[str, tuple[Any, ...]]:
    """The first columns after the id."""
    return {name: tuple(row.values())[1 : columns + 1] for name, row in rows.items()}


def _without_nothing(amounts: Mapping[Any, int]) -> dict[Any, int]:
    return {place: amount for place, amount in amounts.items() if amount}


def _same(what: str, found: Mapping[Any, Any], told: Mapping[Any, Any]) -> list[str]:
    return [
        f"{what} {name} is {found.get(name)}, not {told.get(name)}"
        for name in sorted(found.keys() | told.keys())
        if found.get(name) != told.get(name)
    ]
