"""How each row is planned: the columns of items, and who supplies what is bought."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from takt.standalone.supply_folder.calendars import calendar_column
from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import read_sheet
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.calendar import LeadTime, NoWorkingTimeError, WorkingCalendar
from takt.supply_planning.domain.grid.lots import ECONOMIC, FIXED, PERIOD, RULES, Lots
from takt.supply_planning.domain.grid.model import Leads
from takt.supply_planning.domain.grid.nouns import leads_of
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.quantity import ONE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FENCE = re.compile(r"\d{1,5}")
NEEDED = ("item", "site", "lead_time_days", "safety_stock", "lot_minimum", "lot_multiple")
ITEM_TEXTS = ("item", "site", "lot_rule", "calendar", "unit", "fences", "phantom")
ITEM_NUMBERS = (
    "lead_time_days",
    "safety_stock",
    "lot_minimum",
    "lot_multiple",
    "lot_maximum",
    "lot_quantity",
    "lot_periods",
    "yield",
    "priority",
    "cost",
    "service_level",
    "lead_deviation_days",
    "consume_early_days",
    "consume_late_days",
)
OPTIONAL = tuple(set(ITEM_TEXTS + ITEM_NUMBERS) - set(NEEDED))


def read_lots(sheet: Sheet, phantom: Bools) -> Lots:
    """The lot columns of items; an empty minimum is none, an empty multiple any quantity.

    A phantom has no lots.
    """
    texts = (
        sheet.texts("lot_rule", empty=True).to_pylist()
        if "lot_rule" in sheet
        else [""] * sheet.rows
    )
    rules = {"": 0} | {rule: place for place, rule in enumerate(RULES)}
    rule = np.array([rules.get(text, -1) for text in texts], np.int64)
    sheet.refuse(rule < 0, "lot_rule", f"write one of {', '.join(RULES)}.")
    minimum = _lot(sheet, "lot_minimum", zero=True)
    multiple = _lot(sheet, "lot_multiple")
    maximum = _lot(sheet, "lot_maximum")
    quantity = _lot(sheet, "lot_quantity")
    periods = sheet.numbers("lot_periods", 1.0)
    wanting = ((rule == FIXED) | (rule == ECONOMIC)) & np.isnan(quantity)
    sheet.refuse(wanting, "lot_rule", "this rule needs a lot_quantity above 0.")
    if "lot_periods" in sheet:
        sheet.refuse(
            (rule == PERIOD) & ((periods < 1) | (periods != np.floor(periods))),
            "lot_periods",
            "write for how many weeks an order is, 1 or more.",
        )
    elif (rule == PERIOD).any():
        sheet.refuse(rule == PERIOD, "lot_rule", "this rule needs a column lot_periods.")
    found = Lots(
        rule=np.maximum(rule, 0),
        quantity=np.nan_to_num(quantity, nan=1.0),
        periods=np.maximum(periods, 1).astype(np.int64),
        minimum=np.nan_to_num(minimum, nan=0.0),
        multiple=np.nan_to_num(multiple, nan=1.0),
        maximum=np.where(np.isnan(maximum), np.inf, maximum),
    )
    above = found.minimum > found.maximum
    smallest = np.ceil(found.minimum / found.multiple) * found.multiple
    sheet.refuse(above, "lot_minimum", "it is above the lot_maximum; no lot fits.")
    if "lot_maximum" in sheet:
        sheet.refuse(
            ~above & (found.largest < np.maximum(smallest, 1)),
            "lot_maximum",
            "no multiple lies between lot_minimum and this; raise it, or lower lot_multiple.",
        )
    none = np.flatnonzero(phantom)
    found.rule[none], found.minimum[none], found.multiple[none], found.maximum[none] = (
        0,
        0,
        1,
        np.inf,
    )
    return found


def _lot(sheet: Sheet, column: str, *, zero: bool = False) -> Floats:
    """Quantities above zero, NaN where there is none."""
    if column not in sheet:
        return np.full(sheet.rows, np.nan)
    empty = sheet.empty(column)
    found = sheet.quantities(column, default=0.0, negative=True)
    bad = (found < 0 if zero else found <= 0) & ~empty
    what = "write 0 for no minimum, or more." if zero else "write more than 0, or nothing."
    sheet.refuse(bad, column, f"no lot is of this size; {what}")
    found = np.where(bad, 1.0, found)
    return np.where(empty, np.nan, found)


def read_yields(sheet: Sheet) -> tuple[Ints, Ints]:
    """Of how much that is started how much comes out good, in lowest terms."""
    share = np.rint(sheet.numbers("yield", 1.0) * ONE)
    if "yield" in sheet:
        sheet.refuse(
            (share <= 0) | (share > ONE),
            "yield",
            "write the share that comes out good, such as .95.",
        )
    good = np.clip(share, 1, ONE).astype(np.int64)
    shared = np.gcd(good, ONE)
    return good // shared, ONE // shared


def read_fences(sheet: Sheet, horizon: Horizon) -> Ints:
    """The first bucket in which something new may be planned: fences is a number of days."""
    if "fences" not in sheet:
        return np.zeros(sheet.rows, np.int64)
    texts = [text.removesuffix(".0") for text in sheet.texts("fences", empty=True).to_pylist()]
    bad = [row for row, text in enumerate(texts) if text and not FENCE.fullmatch(text)]
    sheet.refuse(bad, "fences", "write the planning time fence in whole days, such as 14.")
    days = np.array([int(text) if FENCE.fullmatch(text) else 0 for text in texts], np.int64)
    passed = (horizon.today - horizon.first_week).days
    return np.where(days > 0, -(-(days + passed) // 7), 0)


@dataclass(frozen=True, slots=True)
class Sourcing:
    """Of what is bought, by row: the lead time in days and the calendar, where a supplier says."""

    lead_days: Mapping[int, int]
    calendar: Mapping[int, WorkingCalendar]


def read_suppliers(
    path: Path | None,
    catalogue: Catalogue,
    made: Bools,
    calendars: Mapping[str, WorkingCalendar],
    horizon: Horizon,
    findings: Findings,
) -> Sourcing:
    """The one supplier of each bought row: at the site that is named, or at all."""
    sheet = path and read_sheet(
        path,
        findings,
        texts=("item", "supplier", "site", "calendar"),
        numbers=("lead_time_days",),
        optional=("site", "calendar"),
    )
    if not sheet:
        return Sourcing({}, {})
    sheet.texts("supplier")
    item = sheet.ids("item", catalogue.items, "items has no such item; add it there.")
    everywhere = np.full(sheet.rows, "site" not in sheet)
    site = np.zeros(sheet.rows, np.int64)
    if "site" in sheet:
        site = sheet.ids("site", catalogue.sites, "items has nothing at this site.")
    lead = days_of(sheet, horizon)
    working = calendar_column(sheet, calendars, sheet.rows)
    chosen: dict[int, int] = {}
    twice: dict[int, int] = {}
    of_item = np.argsort(catalogue.item, kind="stable")
    bounds = np.searchsorted(catalogue.item[of_item], np.arange(len(catalogue.items) + 1))
    for line in np.flatnonzero((item >= 0) & (site >= 0)).tolist():
        rows: Sequence[int] = of_item[bounds[item[line]] : bounds[item[line] + 1]].tolist()
        for row in rows:
            if not everywhere[line] and catalogue.site[row] != site[line]:
                continue
            if (first := chosen.setdefault(row, line)) != line:
                twice[line] = first
    findings.rows(
        sheet.path,
        twice,
        lambda line: (
            sheet.line(line),
            "supplier",
            sheet.shown("supplier", line),
            f"line {sheet.line(twice[line])} names a supplier of this item; keep one of them.",
        ),
    )
    if unused := sum(bool(made[row]) for row in chosen):
        findings.note(f"{sheet.path.name}: {unused:,} items are made, so no supplier is asked.")
    bought = {row: line for row, line in chosen.items() if not made[row]}
    return Sourcing(
        {row: int(lead[line]) for row, line in bought.items()},
        {row: working[line] for row, line in bought.items()},
    )


def days_of(sheet: Sheet, horizon: Horizon) -> Ints:
    """Lead times in whole days, rounded up; one beyond the horizon is refused."""
    days = np.ceil(sheet.numbers("lead_time_days"))
    sheet.refuse(days < 0, "lead_time_days", "a lead time is 0 days or more.")
    sheet.refuse(
        days > 7 * horizon.weeks,
        "lead_time_days",
        f"the horizon has {horizon.weeks} weeks; plan more with --weeks, or correct it.",
    )
    return np.clip(days, 0, 7 * horizon.weeks).astype(np.int64)


def read_leads(
    sheet: Sheet,
    sourcing: Sourcing,
    phantom: Bools,
    calendars: Mapping[str, WorkingCalendar],
    horizon: Horizon,
    findings: Findings,
) -> tuple[Leads, Ints]:
    """The tables of lead times, and which of them is each row's.

    A site's calendar is that of making there and of taking goods in; a supplier works by its own.
    """
    days = days_of(sheet, horizon)
    for row, other in sourcing.lead_days.items():
        days[row] = other
    days[phantom] = 0
    receiving = calendar_column(sheet, calendars, sheet.rows)
    if not sourcing.calendar and len({*receiving}) == 1:
        distinct, lead = np.unique(days, return_inverse=True)
        used = [(LeadTime(days=int(one)), receiving[0], receiving[0]) for one in distinct]
        lead = lead.astype(np.int64)
    else:
        working = list(receiving)
        for row, calendar in sourcing.calendar.items():
            working[row] = calendar
        classes: dict[tuple[int, WorkingCalendar, WorkingCalendar], int] = {}
        keys = zip(days.tolist(), working, receiving, strict=True)
        lead = np.array([classes.setdefault(key, len(classes)) for key in keys], np.int64)
        used = [(LeadTime(days=one), work, site) for one, work, site in classes]
    try:
        return leads_of(used, horizon)[0], lead
    except NoWorkingTimeError as error:
        findings.fault("calendars", f"{error}; give it working days.")
        findings.end()
        raise
