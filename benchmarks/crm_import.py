"""A CRM import of 8,800 opportunities, beside COPY of the rows that it makes."""

import asyncio
import random
import time
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from benchmarks.lab import Lab
from benchmarks.line import Line
from benchmarks.rest import access_database, deals_process

OPPORTUNITIES, ACCOUNTS, PRODUCTS, AGENTS = 8_800, 85, 7, 35
TABLES = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'pgqueuer%'
AND c.relname NOT IN ('alembic_version', 'schedules') ORDER BY c.oid
"""


async def measure(lab: Lab) -> list[Line]:
    """One line: opportunities a second."""
    async with lab.database("deals") as url, access_database(lab) as access_url:
        async with deals_process(lab, url, access_url) as (port, key):
            seconds = await _import(port, key)
        copied = await _copy(url)
    return [
        Line(
            "CRM import, 8,800 opportunities", OPPORTUNITIES / seconds, "rows/s",
            "COPY of the same rows into the same tables", OPPORTUNITIES / copied, 0.10,
        )
    ]  # fmt: skip


def _files() -> dict[str, str]:
    """Files as the default mapping reads them, from a seed."""
    chance = random.Random(4)
    products = [(f"Product {n}", f"Series {n % 3}", 50 * (n + 1)) for n in range(PRODUCTS)]
    accounts = [f"Account {n}" for n in range(ACCOUNTS)]
    agents = [(f"Agent {n}", f"Manager {n % 6}", f"Region {n % 3}") for n in range(AGENTS)]
    rows = [
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
    ]
    for number in range(OPPORTUNITIES):
        product, _, price = chance.choice(products)
        engaged = date(2025, 1, 1) + timedelta(days=chance.randrange(400))
        closed = engaged + timedelta(days=chance.randrange(1, 138))
        stage = chance.choices(("Won", "Lost", "Engaging"), (48, 28, 24))[0]
        over = stage != "Engaging"
        cells = (
            f"OPP{number:05}", chance.choice(agents)[0], product, chance.choice(accounts), stage,
            f"{engaged:%m/%d/%Y}", f"{closed:%m/%d/%Y}" if over else "",
            str(price) if stage == "Won" else "0" if over else "",
        )  # fmt: skip
        rows.append(",".join(cells))
    return {
        "products.csv": "\n".join(
            ["product,series,sales_price"] + [f"{p},{s},{v}" for p, s, v in products]
        ),
        "accounts.csv": "\n".join(["account,sector"] + [f"{name},retail" for name in accounts]),
        "sales_teams.csv": "\n".join(
            ["sales_agent,manager,regional_office"] + [",".join(a) for a in agents]
        ),
        "sales_pipeline.csv": "\n".join(rows),
    }


async def _import(port: int, key: str) -> float:
    """Seconds from the start that the caller asks for to the end of the job."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
    ) as client:
        begun = await client.post("/v1/imports", json={}, headers={"Idempotency-Key": "bench"})
        begun.raise_for_status()
        path = f"/v1/imports/{UUID(begun.json()['id'])}"
        for name, content in _files().items():
            (await client.put(f"{path}/files/{name}", content=content.encode())).raise_for_status()
        began = time.perf_counter()
        (await client.post(f"{path}/start")).raise_for_status()
        while True:
            view: dict[str, Any] = (await client.get(path)).json()
            if view["state"] == "done":
                break
            assert view["state"] != "failed", view
            await asyncio.sleep(0.05)
        seconds = time.perf_counter() - began
        assert not view["problems"], (await client.get(f"{path}/problems")).text[:500]
        return seconds


async def _copy(url: str) -> float:
    """Seconds to COPY all rows back into the emptied tables, in one transaction."""
    connection = await asyncpg.connect(url)
    tables = [row[0] for row in await connection.fetch(TABLES)]
    kept: dict[str, list[Any]] = {}
    for table in tables:
        kept[table] = await connection.fetch(f'SELECT * FROM "{table}"')
    await connection.execute("TRUNCATE " + ", ".join(f'"{table}"' for table in tables) + " CASCADE")
    began = time.perf_counter()
    async with connection.transaction():
        for table in tables:
            if kept[table]:
                await connection.copy_records_to_table(
                    table,
                    records=[tuple(row) for row in kept[table]],
                    columns=list(kept[table][0].keys()),
                )
    seconds = time.perf_counter() - began
    await connection.close()
    return seconds
