"""A model as the files of a folder that `takt plan` reads."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from takt.standalone.commands.import_supply import WEEKS
from takt.standalone.frepple.account import Account, Outcome
from takt.standalone.frepple.model import Model, Row, up_to_day
from takt.standalone.frepple.orders import read_demand, read_receipts
from takt.standalone.frepple.sources import Place, Source, Sources
from takt.standalone.frepple.times import (
    DAY,
    Hours,
    capacity_of,
    days_around,
    hours_of,
    open_minutes,
    value_of,
)
from takt.standalone.supply_folder.calendars import WEEKDAYS
from takt.standalone.supply_folder.rows import amount

HEADERS: dict[str, tuple[str, ...]] = {
    "items": (
        *("item", "site", "lead_time_days", "safety_stock", "lot_minimum", "lot_multiple"),
        *("lot_maximum", "yield", "fences", "calendar", "unit", "cost"),
    ),
    "bom": ("parent", "component", "quantity", "site", "valid_from", "valid_to"),
    "stock": ("item", "site", "quantity"),
    "receipts": ("order", "item", "site", "due", "quantity", "firm"),
    "demand": ("demand", "item", "site", "due", "quantity", "kind"),
    "transfers": ("item", "site", "origin"),
    "suppliers": ("item", "supplier", "lead_time_days", "site", "calendar"),
    "resources": ("resource", "calendar", "units", "efficiency"),
    "routings": ("item", "site", "step", "resource", "minutes", "setup_minutes"),
    "calendars": ("calendar", "day", "minutes"),
}
Files = dict[str, list[Mapping[str, Any]]]


@dataclass(slots=True)
class Conversion:
    """Turns a model into files, telling what becomes of what."""

    model: Model
    today: date
    account: Account
    files: Files = field(default_factory=lambda: {name: [] for name in HEADERS})
    _hours: dict[str, Hours] = field(default_factory=dict)
    _minutes: dict[str, dict[date, int]] = field(default_factory=dict)

    def convert(self) -> Files:
        """All files; faults are in the model's findings."""
        self.model.check_references()
        sources = Sources(self.model, self.today, self.account)
        buffers = self._buffers()
        demand = read_demand(self.model, self.account)
        receipts = read_receipts(self.model, self.today, self.account)
        wanted = [*buffers, *(one.place for one in (*demand, *receipts)), *sources.given()]
        sources.choose(wanted)
        sources.tell()
        if not sources.chosen:
            self.model.findings.fault(
                str(self.model.path),
                "no buffer, demand, order or source names an item at a location; give it one.",
            )
        for place, source in sorted(sources.chosen.items()):
            self._item(place, source, buffers.get(place))
        self.files["demand"] = [one.row(kind="order") for one in demand]
        for one in receipts:
            source = sources.chosen[one.place]
            elsewhere = one.elsewhere(source)
            firm = one.draws_on and not elsewhere
            self.files["receipts"].append(one.row(firm=str(firm).lower()))
            how = "nothing is taken for it: the item is planned from another source"
            self.account.tell(one.model, *(("changed", how) if elsewhere else ("taken",)))
        without = sum(sources.ends(one.place) for one in demand)
        how = "nothing says where the item comes from: planned as bought, without a lead time"
        self.account.tell("input.demand", "changed", how, without)
        self.account.tell("input.demand", "taken", rows=len(demand) - without)
        self._resources()
        self._constructs(sources)
        self.account.unread(self.model)
        return self.files

    def _buffers(self) -> dict[Place, Row]:
        found: dict[Place, Row] = {}
        for row in self.model["buffer"]:
            item = self.model.refer(row, "item", "item", needed=True)
            site = self.model.refer(row, "location", "location", needed=True)
            if not item or not site:
                continue
            if found.setdefault((item, site), row) is not row:
                row.fault("item", "the item has another buffer at this location; keep one of them.")
            if quantity := row.quantity("onhand", 0.0, negative=True):
                self.files["stock"].append(
                    {"item": item, "site": site, "quantity": amount(quantity)}
                )
            if row.quantity("minimum", 0.0, negative=True) < 0:
                self.account.tell(f"{row.model}.minimum", "changed", "below zero: none")
            self.account.tell(row.model, "taken")
        return found

    def _item(self, place: Place, source: Source | None, buffer: Row | None) -> None:
        item, site = place
        made = self.model.named("item")[item]
        row: dict[str, Any] = {
            "item": item,
            "site": site,
            "lead_time_days": 0,
            "safety_stock": amount(
                max(buffer.quantity("minimum", 0.0, negative=True), 0.0) if buffer else 0
            ),
            "unit": made.text("uom"),
            "cost": amount(made.quantity("cost", 0.0)) if made.text("cost") else "",
        }
        self.files["items"].append(row)
        if source is None:
            return
        row |= _lots(source)
        if fence := source.row.seconds("fence"):
            row["fences"] = _days(source.row, "fence", fence)
        if source.kind == "moved":
            row["lead_time_days"] = _days(source.row, "leadtime", source.row.seconds("leadtime"))
            self.files["transfers"].append({"item": item, "site": site, "origin": source.origin})
            return
        row["calendar"] = calendar = self._open(
            self.model.refer(self.model.named("location")[site], "available", "calendar")
        )
        if source.making is None:
            supplier = self.model.named("supplier")[source.row.text("supplier")]
            days = _days(source.row, "leadtime", source.row.seconds("leadtime"))
            row["lead_time_days"] = days
            working = self._open(self.model.refer(supplier, "available", "calendar"))
            self.files["suppliers"].append(
                {
                    "item": item,
                    "supplier": supplier.name,
                    "lead_time_days": days,
                    "site": site,
                    "calendar": working,
                }
            )
            return
        making = source.making
        usual = self._hours[calendar].usual if calendar else DAY
        row["lead_time_days"] = _days(source.row, "duration", making.seconds, usual)
        row["yield"] = amount(making.produced) if making.produced < 1 else ""
        per = max(making.produced, 1.0)
        self.files["bom"] += [
            {
                "parent": item,
                "component": one.component,
                "quantity": amount(one.quantity / per),
                "site": site,
                "valid_from": one.first or "",
                "valid_to": one.last or "",
            }
            for one in making.materials
        ]
        self.files["routings"] += [
            {
                "item": item,
                "site": site,
                "step": step,
                "resource": one.resource,
                "minutes": amount(one.minutes / per),
                "setup_minutes": amount(one.setup_minutes),
            }
            for step, one in enumerate(making.loads, 1)
        ]

    def _open(self, calendar: str) -> str:
        """The code of a calendar of working minutes; "" where it is always open."""
        if not calendar:
            return ""
        if calendar not in self._minutes:
            minutes = open_minutes(value_of(self.model, calendar), days_around(self.today))
            self._minutes[calendar] = minutes
            self._write(calendar, hours_of(minutes), self.model.named("calendar")[calendar])
        return calendar if calendar in self._hours else ""

    def _write(self, code: str, hours: Hours, row: Row) -> None:
        if all(n == DAY for n in hours.week) and not hours.single:
            return
        if not any(hours.week):
            row.fault(
                "name", "it has no weekday with working time; give it some in the years ahead."
            )
            return
        self._hours[code] = hours
        days = [*zip(WEEKDAYS, hours.week, strict=True), *hours.single.items()]
        self.files["calendars"] += [
            {"calendar": code, "day": day, "minutes": minutes} for day, minutes in days
        ]

    def _resources(self) -> None:
        used = dict.fromkeys(row["resource"] for row in self.files["routings"])
        pools = {row.text("owner") for row in self.model["resource"]} & set(used)
        for row in self.model["resource"]:
            if row.name in used:
                self._resource(row, "taken" if row.name not in pools else "changed")
            elif row.text("owner") in pools:
                self.account.tell(row.model, "changed", "counted in the pool that owns it")
            else:
                self.account.tell(row.model, "left out", "no operation that is planned loads it")

    def _resource(self, row: Row, outcome: Outcome) -> None:
        days = days_around(self.today)
        units, minutes = capacity_of(self.model, row.name, days)
        location = row.text("location") and self.model.refer(row, "location", "location")
        open_ = location and self.model.named("location")[location].text("available")
        hours = self._minutes.get(self._open(open_) or "", {}) if open_ else {}
        each = {
            day: min(round(minutes[day] / units) if units else 0, hours.get(day, DAY))
            for day in days
        }
        efficiency = row.number("efficiency", 100.0) / 100
        for name, value in (("maximum", units), ("efficiency", efficiency)):
            if value <= 0:
                row.fault(name, "an operation that is planned loads it; give it more than 0.")
                return
        code = f"{row.name} (resource)"
        self._write(code, hours_of(each), row)
        self.files["resources"].append(
            {
                "resource": row.name,
                "calendar": code if code in self._hours else "",
                "units": amount(units),
                "efficiency": amount(efficiency),
            }
        )
        how = "" if outcome == "taken" else "a pool: the sum of its members"
        self.account.tell(row.model, outcome, how)

    def _constructs(self, sources: Sources) -> None:
        """Account for items, locations, suppliers and calendars."""
        model, tell = self.model, self.account.tell
        for kind, used, how in (
            ("item", {item for item, _ in sources.chosen}, "a group, or not planned anywhere"),
            ("location", {site for _, site in sources.chosen}, "a group, or nothing is there"),
            (
                "supplier",
                {str(row["supplier"]) for row in self.files["suppliers"]},
                "nothing that is planned is bought there",
            ),
        ):
            rows = [row for row in model[kind] if row.name in used]
            tell(f"input.{kind}", "taken", rows=len(rows))
            tell(f"input.{kind}", "left out", how, len(model[kind]) - len(rows))
        of_resources = {row.text("maximum_calendar") for row in model["resource"]}
        for row in model["calendar"]:
            if row.name in self._minutes or row.name in of_resources:
                how = f"minutes of {days_around(self.today)[0]} to {days_around(self.today)[-1]}"
                tell(row.model, "changed", how)
            else:
                tell(row.model, "left out", "neither a location, a supplier nor a resource uses it")
        tell("input.calendarbucket", "changed", "in its calendar", len(model["calendarbucket"]))


def _lots(source: Source) -> dict[str, str]:
    """Lots of an order, in what is begun of it."""
    per = max(source.making.produced, 1.0) if source.making else 1.0
    row = source.row
    sizes = {
        "lot_minimum": row.quantity("sizeminimum", 1.0),
        "lot_multiple": row.quantity("sizemultiple", 0.0),
        "lot_maximum": row.quantity("sizemaximum", 0.0),
    }
    if 0 < sizes["lot_maximum"] < sizes["lot_minimum"]:
        row.fault("sizemaximum", "it is below sizeminimum; no lot fits.")
    return {name: amount(size * per) if size > 0 else "" for name, size in sizes.items()}


def _days(row: Row, name: str, seconds: float, minutes_a_day: float = DAY) -> int:
    """A duration in whole days, of what a plan looks ahead at most."""
    if (days := up_to_day(seconds, minutes_a_day)) > 7 * WEEKS:
        row.fault(name, f"it takes {days:,} days, and at most {7 * WEEKS:,} are planned.")
        return 0
    return days


def write_files(folder: Path, files: Files) -> None:
    """Write every file of a folder, also those without rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, HEADERS[name], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
