"""A database of an earlier release becomes what a new one is."""

import runpy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from takt.common.migrations import execute_script
from takt.forecast.service.follow_demand import follow_demand

from .conftest import MONDAY, deal, opened

SCRIPT = runpy.run_path(
    str(Path(__file__).parents[1] / "migrations" / "0009_orders_known.py"), run_name="migration"
)["SCRIPT"]
BEFORE = """
ALTER TABLE series DROP COLUMN won;
ALTER TABLE version_series DROP COLUMN firm;
ALTER TABLE version_sums DROP COLUMN firm;
INSERT INTO versions (version, name, as_of, published_by, series) VALUES (1, 'v', now(), 'a', 1);
INSERT INTO version_sums (version, level, product, region, series, first_week, baseline, pipeline,
    ordered) VALUES (1, 'all', '', '', 1, current_date, '{1,2}', '{0,3}', '{0,0}');
"""


async def test_orders_known_are_counted_from_lines_and_sums_of_before_know_none(tx, now):
    won = deal(status="won", requested=MONDAY + timedelta(weeks=3), now=now)
    await follow_demand(tx, [opened(won), opened(deal(now=now))], now)
    counted = "SELECT product, region, won FROM series ORDER BY 1, 2"
    known = (await tx.exec_driver_sql(counted)).all()
    assert sum(known[0].won) == 10_000_000
    for script in (BEFORE, SCRIPT):
        await tx.run_sync(
            lambda bind, script=script: execute_script(
                SimpleNamespace(get_bind=lambda: bind), script
            )
        )
    assert (await tx.exec_driver_sql(counted)).all() == known
    assert (await tx.exec_driver_sql("SELECT firm FROM version_sums")).scalar_one() == [0, 0]
    assert (await tx.exec_driver_sql("SELECT firm FROM version_series")).all() == []
