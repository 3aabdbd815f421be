import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from takt.common.contracts.deals import DealOpened, SaleClosed
from takt.common.db import Database
from takt.common.event import Cause
from takt.common.testing import emitted
from takt.deals.service.imports import begin_import, default_mapping, receive_file, run_import
from takt.deals.service.moves import MoveRequest, move_deal
from takt.deals.service.problems import CriteriaUnmet, MappingUnreadable
from takt.deals.store.imports import page_imports, page_problems, write_progress
from takt.deals.store.views import page_deals

from .company import BY, CAUSE, set_up

FILES = {
    "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n",
    "accounts.csv": "account,sector\nCancity,retail\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nMoses Frase,Dustin B,Central\n",
    "sales_pipeline.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "A1,Moses Frase,GTXPro,Cancity,Won,10/20/2016,3/1/2017,4514\n"
        "A2,Moses Frase,MG Special,Cancity,Lost,10/20/2016,3/1/2017,0\n"
        "A3,Moses Frase,MG Special,,Engaging,10/20/2016,,\n"
        "A4,Moses Frase,MG Special,,Prospecting,,,\n"
        "A5,Moses Frase,Warp,,Prospecting,,,\n"
    ),
}
NOW = datetime(2017, 12, 31, 12, tzinfo=UTC)


async def import_files(
    database: Database,
    files: dict[str, bytes],
    *,
    now: datetime = NOW,
    mapping: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    async with database.transaction() as tx:
        identity = await begin_import(tx, mapping, dry_run=dry_run, now=now, cause=Cause.start())
        for name, content in files.items():
            await receive_file(tx, identity, name, content)
        await write_progress(tx, identity, {"state": "waiting"})
    await run_import(database, {"import": str(identity)}, now)
    async with database.transaction() as tx:
        [found] = await page_imports(tx, identity=identity)
        return {**found, "rows": await page_problems(tx, identity)}


def encoded(encoding: str = "utf-8", **texts: str) -> dict[str, bytes]:
    return {name: text.encode(encoding) for name, text in {**FILES, **texts}.items()}


async def test_files_become_deals_sales_and_flagged_history(database: Database) -> None:
    done = await import_files(database, encoded())
    assert (done["state"], done["rows_read"], done["rows_total"]) == ("done", 9, 4)
    assert done["counts"]["results"] == {"created": 4}
    assert done["counts"]["renamed"] == {"product GTXPro = GTX Pro": 1}
    [problem] = done["rows"]
    assert (problem["file"], problem["line"], problem["value"]) == ("sales_pipeline.csv", 6, "Warp")
    async with database.transaction() as tx:
        deals = {row["external_id"]: row for row in await page_deals(tx, {})}
        told = await emitted(tx)
    assert deals["A1"]["opened_at"] == datetime(2016, 10, 20, tzinfo=UTC)
    assert deals["A1"]["closed_at"] == datetime(2017, 3, 1, tzinfo=UTC)
    assert deals["A2"]["value"] == 55
    assert {row["changed_by"] for row in deals.values()} == {"crm"}
    assert deals["A4"]["opened_at"] == NOW
    assert {row["region"] for row in deals.values()} == {"Central"}
    opened = [envelope.event for envelope in told if isinstance(envelope.event, DealOpened)]
    assert all(event.deal.imported for event in opened)
    won = next(event.deal for event in opened if event.deal.external_id == "A1")
    assert [stay.stage for stay in won.history] == ["engaging", "won"]
    [sold] = [envelope.event.sale for envelope in told if isinstance(envelope.event, SaleClosed)]
    assert (sold.price, sold.shipped_quantity, str(sold.sold_on)) == (4514, 1, "2017-03-01")


async def test_importing_twice_changes_nothing(database: Database) -> None:
    await import_files(database, encoded())
    async with database.transaction() as tx:
        before = len(await emitted(tx))
    again = await import_files(database, encoded(), now=datetime(2018, 2, 1, tzinfo=UTC))
    assert again["counts"]["results"] == {"unchanged": 4}
    async with database.transaction() as tx:
        assert len(await emitted(tx)) == before


async def test_a_dry_run_says_the_same_and_leaves_nothing(database: Database) -> None:
    tried = await import_files(database, encoded(), dry_run=True)
    assert (tried["state"], tried["counts"]["results"]) == ("done", {"created": 4})
    assert [row["value"] for row in tried["rows"]] == ["Warp"]
    async with database.transaction() as tx:
        assert await page_deals(tx, {}) == []
        assert await emitted(tx) == []


async def test_gates_hold_from_the_next_move_on(database: Database) -> None:
    await import_files(database, encoded())
    async with database.transaction() as tx:
        [deal] = await page_deals(tx, {"external_id": "A3"})
        with pytest.raises(CriteriaUnmet) as refused:
            await move_deal(tx, MoveRequest(deal["id"], "won", CAUSE, BY), NOW)
    assert refused.value.field == "account"
    closed = FILES["sales_pipeline.csv"].replace(
        "A3,Moses Frase,MG Special,,Engaging,10/20/2016,,",
        "A3,Moses Frase,MG Special,,Won,10/20/2016,12/30/2017,60",
    )
    again = await import_files(database, encoded(**{"sales_pipeline.csv": closed}))
    assert again["counts"]["results"] == {"unchanged": 3, "refused": 1}
    assert {row["field"]: row["line"] for row in again["rows"]} == {"product": 6, "account": 4}


async def test_gbk_is_read_when_the_mapping_says_so_and_refused_with_a_remedy_otherwise(
    database: Database,
) -> None:
    accounts = "account,sector\nCancity,retail\n上海机械,machines\n"
    files = encoded("gb18030", **{"accounts.csv": accounts})
    refused = await import_files(database, files, dry_run=True)
    assert any("gb18030" in row["remedy"] for row in refused["rows"])
    mapping = default_mapping().replace('encoding = "utf-8"', 'encoding = "gb18030"')
    done = await import_files(database, files, mapping=mapping)
    assert done["counts"]["accounts"] == 2


async def test_amounts_that_no_line_can_have_are_problems_of_their_rows(
    database: Database,
) -> None:
    header, *rows = FILES["sales_pipeline.csv"].splitlines()
    units = ["1000000", "1", "1", "1", "1"]
    lines = [f"{row},{count}" for row, count in zip(rows, units, strict=True)]
    lines[0] = lines[0].replace("4514", "0.01")
    lines += [
        "A6,Moses Frase,GTXPro,Cancity,Won,10/20/2016,3/1/2017,1000000000,0.000001",
        "A7,Moses Frase,GTXPro,Cancity,Engaging,10/20/2016,,,1000000000",
    ]
    text = "\n".join([f"{header},units", *lines, ""])
    mapping = default_mapping().replace(
        'value = "close_value"', 'quantity = "units"\nvalue = "close_value"'
    )
    done = await import_files(database, encoded(**{"sales_pipeline.csv": text}), mapping=mapping)
    assert (done["state"], done["counts"]["results"]) == ("done", {"created": 3, "refused": 1})
    wrong = {row["line"]: (row["field"], row["value"]) for row in done["rows"]}
    assert wrong == {
        2: ("close_value", "0.01"),
        6: ("product", "Warp"),
        7: ("close_value", "1000000000"),
        8: ("lines[0]", "4821000000000"),
    }
    assert all(row["remedy"] for row in done["rows"])


async def test_another_currency_than_the_company_s_fails_with_its_name(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        await set_up(tx)
    failed = await import_files(database, encoded())
    assert failed["state"] == "failed"
    assert "EUR" in failed["failure"]


async def test_a_mapping_with_mistakes_begins_no_import(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(MappingUnreadable):
            await begin_import(tx, "[source", dry_run=False, now=NOW, cause=CAUSE)


@pytest.mark.skipif("TAKT_DATA" not in os.environ, reason="TAKT_DATA names the real data's folder")
async def test_the_real_export_goes_in_once_and_whole(database: Database) -> None:
    folder = Path(os.environ["TAKT_DATA"]) / "crm"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    started = time.perf_counter()
    done = await import_files(database, files)
    assert time.perf_counter() - started < 60
    assert done["rows"] == []
    assert done["counts"]["results"] == {"created": 8800}
    assert done["counts"]["states"] == {"won": 4238, "lost": 2473, "open": 2089}
    assert done["counts"]["won_value"] == "10005534"
    again = await import_files(database, files)
    assert again["counts"]["results"] == {"unchanged": 8800}
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT (SELECT count(*) FROM deals), (SELECT count(*) FROM sales),"
            " (SELECT sum(quantity * price) FROM sales),"
            " (SELECT count(*) FROM stage_entries WHERE imported)"
        )
        assert tuple(rows.one()) == (8800, 4238, 10_005_534, 8800 + 4238 + 2473)
