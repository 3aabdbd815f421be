"""Safety stock of what has a service level in its place: from demand of the past, or the forecast.

S7: z sqrt(L s_D^2 + D^2 s_L^2). The weeks L are those of the lead time and one more, from one plan
to the next (of the rule `period` as many as a lot is for), as in the proposals of a running Takt.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.flows import ORDER, Demands
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.grid.lots import PERIOD
from takt.supply_planning.domain.grid.model import Dated, Grid, spread
from takt.supply_planning.domain.grid.variation import Variation, variation, with_users
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.quantity import ONE, to_millionths
from takt.supply_planning.domain.safety_stock import (
    WEEKS_NEEDED,
    by_formula,
    factor_for_service,
    rounded,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PLANNED_WEEKS = 2
"""Of a forecast, so that it varies at all."""
DAYS = 7
FEW = 5
"""Items that a note names."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is asked for instead of a safety stock, each shape (rows,).

    Args:
        level: of order cycles without a shortage; NaN where nothing is asked.
        lead_deviation: of lead times, in weeks.
        unit: in which a row is counted, empty where nobody says.
    """

    level: Floats
    lead_deviation: Floats
    unit: list[str]


def read_service(sheet: Sheet, phantom: npt.NDArray[np.bool_]) -> Service:
    """The columns service_level and lead_deviation_days of items. A phantom has neither."""
    level = np.full(sheet.rows, np.nan)
    days = sheet.numbers("lead_deviation_days", 0.0)
    if "lead_deviation_days" in sheet:
        sheet.refuse(days < 0, "lead_deviation_days", "a deviation is 0 days or more.")
    if "service_level" in sheet:
        empty = sheet.empty("service_level")
        level = np.where(empty, np.nan, sheet.numbers("service_level", 0.0))
        percent = (level > 1) & (level < 100)
        sheet.refuse(
            percent,
            "service_level",
            "this is a share of 1, not of 100: write .95 for 95 percent.",
        )
        sheet.refuse(
            ((level <= 0) | (level >= 100) | (level == 1)),
            "service_level",
            "write a share above 0 and below 1, such as .95: no stock is enough for all cycles.",
        )
        sheet.refuse(
            ~np.isnan(level) & ~sheet.empty("safety_stock"),
            "service_level",
            "safety_stock stands in the same row; leave one of them empty.",
        )
    known = (level > 0) & (level < 1) & ~phantom
    units = sheet.texts("unit", empty=True).to_pylist() if "unit" in sheet else [""] * sheet.rows
    return Service(np.where(known, level, np.nan), np.maximum(days, 0.0) / DAYS, units)


def keep_service(
    grid: Grid, service: Service, demands: Demands, horizon: Horizon, catalogue: Catalogue
) -> Grid:
    """The grid with the safety stocks that service levels ask for; notes say what they are."""
    caller = np.flatnonzero(~np.isnan(service.level))
    if not len(caller):
        return grid
    row = grid.place[caller]
    sold = _of(_before(grid, demands.history, horizon), row, to_the_end=True)
    # What is overdue falls into the first week, which would seem to vary by it.
    expected = demands.dated.take(
        (demands.kind != ORDER) & (demands.due >= horizon.first_week.toordinal())
    )
    weeks_ahead = int(expected.bucket.max(initial=-1)) + 1
    mondays = np.array([day.toordinal() for day in horizon.mondays[:weeks_ahead]], np.int64)
    cells = spread(replace(expected, row=grid.place[expected.row]), weeks_ahead, len(grid.place))
    ahead = _of(with_users(grid, cells, mondays), row, to_the_end=False)
    by_sales = sold.weeks >= WEEKS_NEEDED
    by_plan = ~by_sales & (ahead.weeks >= PLANNED_WEEKS)
    mean = np.where(by_sales, sold.mean, ahead.mean) / ONE
    varies = np.where(by_sales, sold.deviation, ahead.deviation) / ONE
    weeks = _weeks_covered(grid, row, horizon)
    units = [
        rounded(factor_for_service(level) * by_formula(lead, week, demand, deviation), unit)
        for level, lead, week, demand, deviation, unit in zip(
            service.level[caller].tolist(),
            weeks.tolist(),
            varies.tolist(),
            mean.tolist(),
            service.lead_deviation[caller].tolist(),
            [service.unit[place] for place in caller],
            strict=True,
        )
    ]
    known = by_sales | by_plan
    safety = grid.rows.safety_stock.copy()
    safety[row] = np.where(known, np.array([to_millionths(one) for one in units], np.float64), 0.0)
    named = [catalogue.name(int(one)) for one in caller[~known][:FEW]]
    sized = [
        f"{catalogue.name(int(caller[n]))} {units[n].normalize():,f}"
        for n in np.flatnonzero(known)[:FEW]
    ]
    note = catalogue.findings.note
    if known.any():
        note(
            f"Safety stock by service_level of {int(known.sum()):,} items, {int(by_sales.sum()):,} "
            f"by demand of kind history, {int(by_plan.sum()):,} by the forecast: "
            f"{_listed(sized, int(known.sum()))}."
        )
    if not known.all():
        note(
            f"No safety stock by service_level of {int((~known).sum()):,} items: it takes "
            f"{WEEKS_NEEDED} weeks of demand of kind history or {PLANNED_WEEKS} of forecast, of "
            f"them or of what uses them: {_listed(named, int((~known).sum()))}."
        )
    return replace(grid, rows=replace(grid.rows, safety_stock=safety))


def _listed(some: list[str], number: int) -> str:
    more = f" and {number - len(some):,} more" if number > len(some) else ""
    return f"{', '.join(some)}{more}"


def _before(grid: Grid, history: Dated, horizon: Horizon) -> Floats:
    """Weekly demand of the past, the earliest week first, shape (weeks, rows)."""
    weeks = int(history.bucket.max(initial=0))
    cells = replace(history, row=grid.place[history.row], bucket=weeks - history.bucket)
    first = horizon.first_week.toordinal() - DAYS * weeks
    mondays = first + DAYS * np.arange(weeks)
    return with_users(grid, spread(cells, weeks, len(grid.place)), mondays)


def _of(weekly: Floats, row: Ints, *, to_the_end: bool) -> Variation:
    if not len(weekly):
        return Variation(np.zeros(len(row), np.int64), np.zeros(len(row)), np.zeros(len(row)))
    return variation(weekly[:, row], to_the_end=to_the_end)


def _weeks_covered(grid: Grid, row: Ints, horizon: Horizon) -> Ints:
    """Weeks from the order before to the arrival of the next, in whole weeks."""
    days = grid.leads.earliest[grid.rows.lead[row]] - horizon.today.toordinal()
    lots = grid.rows.lots
    review = np.where(lots.rule[row] == PERIOD, lots.periods[row], 1)
    found: Ints = -(-days // DAYS) + review
    return found
