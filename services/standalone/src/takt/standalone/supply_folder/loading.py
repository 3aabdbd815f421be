"""A folder as what the REST routes of a running Takt take, and what of it they do not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from takt.standalone.supply_folder.calendars import WEEKDAYS
from takt.standalone.supply_folder.rows import Body, Row
from takt.standalone.supply_folder.sending import BAR

Place = tuple[str, str]

LONGEST = 200
"""Characters of a receipt's reference."""
NOT_TAKEN = {
    "forecast": "a running Takt forecasts by itself; this is planned by `takt plan` only.",
    "history": "a running Takt knows it from its sales; it counts in `takt plan` only.",
}
"""Kinds of demand that are not loaded, and why."""


@dataclass(slots=True)
class Loading:
    """What goes to which route, in an order in which each refers to earlier ones only.

    Args:
        sets: bodies of PUT /v1/<noun>.
        orders: rows of demand that are orders.
        problems: rows that a running Takt cannot take.
        notes: what is taken otherwise than it stands.
    """

    sets: dict[str, list[Body]] = field(default_factory=dict)
    orders: list[Row] = field(default_factory=list)
    problems: list[Body] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def loading_of(rows: Mapping[str, list[Row]]) -> Loading:
    """What a folder's rows are to a running Takt."""
    found = Loading()
    lines = _bills(rows["bom"], rows["items"], found)
    moved = {(row["item"], row["site"]): row for row in rows["transfers"]}
    found.sets = {
        "calendars": _calendars(rows["calendars"]),
        "resources": [_resource(row) for row in rows["resources"]],
        "sites": _sites(rows["items"], found),
        "items": _items(rows["items"], lines, moved, found),
        "bills-of-material": [one for one in lines.values() if one["components"]],
        "routings": _routings(rows["routings"], lines, moved, found),
        "stock": _stock(rows["stock"], found),
        "suppliers": _suppliers(rows, lines, moved, found),
        "scheduled-receipts": _receipts(rows["receipts"], found),
    }
    for row in moved.values():
        how = "a running Takt has no transfers; it is planned as bought at this site."
        found.problems.append(row.problem("origin", how))
    for row in rows["demand"]:
        if row["kind"] in NOT_TAKEN:
            found.problems.append(row.problem("kind", NOT_TAKEN[row["kind"]]))
        else:
            found.orders.append(row)
    return found


def _calendars(rows: Iterable[Row]) -> list[Body]:
    found: dict[str, Body] = {}
    for row in rows:
        one = found.setdefault(
            row["calendar"], {"code": row["calendar"], "minutes": [0] * 7, "exceptions": {}}
        )
        day, minutes = row["day"].lower(), int(float(row["minutes"]))
        if day in WEEKDAYS:
            one["minutes"][WEEKDAYS.index(day)] = minutes
        else:
            one["exceptions"][day] = minutes
    return list(found.values())


def _resource(row: Row) -> Body:
    return {
        "code": row["resource"],
        "calendar": row["calendar"] or None,
        "units": row["units"] or "1",
        "efficiency": row["efficiency"] or "1",
        "overtime_minutes": row["overtime_minutes"] or "0",
        "overtime_cost": row["overtime_cost"] or "1",
    }


def _routings(
    rows: Iterable[Row], bills: Mapping[str, Body], moved: Mapping[Place, Row], found: Loading
) -> list[Body]:
    """Routings whole, their operations in the order of their steps."""
    steps: dict[Place, list[Row]] = {}
    for row in rows:
        steps.setdefault((row["item"], row["site"]), []).append(row)
    routings = []
    for place, lines in steps.items():
        if not _made(place, bills, moved):
            how = "a running Takt has routings of what is made only: it is left out."
            found.problems.append(lines[0].problem("item", how))
            continue
        operations = [
            {
                "resource": line["resource"],
                "minutes": line["minutes"],
                "setup_minutes": line["setup_minutes"] or "0",
            }
            for line in sorted(lines, key=lambda line: float(line["step"]))
        ]
        routings.append({"item": place[0], "site": place[1], "operations": operations})
    return routings


def _sites(rows: Iterable[Row], found: Loading) -> list[Body]:
    """Sites with the calendar that their items name; a site has one in a running Takt."""
    sites: dict[str, Body] = {}
    for row in rows:
        calendar = row["calendar"] or None
        one = sites.setdefault(row["site"], {"code": row["site"], "name": row["site"]})
        if "calendar" in row.cells and one.get("calendar") is None:
            one["calendar"] = calendar
        elif calendar and one["calendar"] != calendar:
            how = f"a site has one calendar in a running Takt, here {one['calendar']}."
            found.problems.append(row.problem("calendar", how))
    return list(sites.values())


def _bills(rows: Iterable[Row], planned: Iterable[Row], found: Loading) -> dict[str, Body]:
    """Bills by item; one that differs between sites is told, since an item has one bill.

    Args: planned: the items, each with its site.
    """
    by_site: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        by_site.setdefault(row["parent"], {}).setdefault(row["site"], []).append(row)
    places: dict[str, set[str]] = {}
    for row in planned:
        places.setdefault(row["item"], set()).add(row["site"])
    bills: dict[str, Body] = {}
    for item, sites in by_site.items():
        everywhere = sites.pop("", [])
        versions = [everywhere + lines for lines in sites.values()] or [everywhere]
        bodies = [[_component(line) for line in lines] for lines in versions]
        bills[item] = {
            "item": item,
            "components": bodies[0],
            "at": set() if everywhere else set(sites),
        }
        key = [sorted(map(str, body)) for body in bodies]
        own = [lines[0] for lines in sites.values()]
        how = f"a running Takt has one bill of {item} for all sites: the first is taken."
        for version, line in zip(key[1:], own[1:], strict=False):
            if version != key[0]:
                found.problems.append(line.problem("site", how))
        if everywhere and own and places.get(item, set()) - sites.keys():
            # At its other sites the lines without a site are all that there is.
            found.problems.append(own[0].problem("site", how))
    return bills


def _component(row: Row) -> Body:
    return {
        "component": row["component"],
        "quantity": row["quantity"],
        "scrap": row["scrap"] or "0",
        "valid_from": row["valid_from"][:10] or None,
        "valid_to": row["valid_to"][:10] or None,
    }


def _made(place: Place, bills: Mapping[str, Body], moved: Mapping[Place, Row]) -> bool:
    bill = bills.get(place[0])
    return bill is not None and place not in moved and (not bill["at"] or place[1] in bill["at"])


def _items(
    rows: Iterable[Row], bills: Mapping[str, Body], moved: Mapping[Place, Row], found: Loading
) -> list[Body]:
    items: dict[str, Body] = {}
    for row in rows:
        one = items.setdefault(
            row["item"], {"code": row["item"], "name": row["item"], "unit": "each", "sites": []}
        )
        if row["unit"]:
            one["unit"] = one["counted_in"] = row["unit"]
        made = _made((row["item"], row["site"]), bills, moved)
        if row["phantom"].lower() in ("true", "yes", "1"):
            one["sites"].append({"site": row["site"], "source": "phantom"})
            continue
        good = row["yield"] or "1"
        if not made and float(good) != 1:
            how = "a yield is of what is made; it is left out."
            found.problems.append(row.problem("yield", how))
            good = "1"
        one["sites"].append(
            {
                "site": row["site"],
                "source": "make" if made else "buy",
                **_safety(row),
                "lead_time_days": -int(-float(row["lead_time_days"]) // 1),
                "minimum": row["lot_minimum"] or "0",
                "multiple": row["lot_multiple"] or "0",
                **_said(row, good),
            }
        )
    return list(items.values())


def _said(row: Row, good: str) -> Body:
    """What stands in columns that the file may lack: it stays as it is where they are not there."""
    lot = {
        "rule": row["lot_rule"] or "lot_for_lot",
        "quantity": row["lot_quantity"] or "0",
        "periods": int(float(row["lot_periods"] or 1)),
    }
    values: dict[str, tuple[tuple[str, ...], Any]] = {
        "maximum": (("lot_maximum",), row["lot_maximum"] or None),
        "lot": (("lot_rule", "lot_quantity", "lot_periods"), lot),
        "fence_days": (("fences",), int(float(row["fences"] or 0))),
        "yield_share": (("yield",), good),
        "unit_cost": (("cost",), row["cost"] or None),
    }
    return {
        name: value
        for name, (columns, value) in values.items()
        if any(column in row.cells for column in columns)
    }


def _safety(row: Row) -> Body:
    """A safety stock, or a service level by which Takt proposes one: what was accepted stays."""
    if row["service_level"]:
        return {"service_level": row["service_level"]}
    level = {"service_level": None} if "service_level" in row.cells else {}
    return {"safety_stock": row["safety_stock"] or "0"} | level


def _stock(rows: Iterable[Row], found: Loading) -> list[Body]:
    counts = []
    for row in rows:
        if float(row["quantity"]) < 0:
            how = "a running Takt counts 0 or more; it is left out. What is owed is demand."
            found.problems.append(row.problem("quantity", how))
            continue
        counts.append({"item": row["item"], "site": row["site"], "on_hand": row["quantity"]})
    return counts


def _receipts(rows: Iterable[Row], found: Loading) -> list[Body]:
    """Receipts by a reference of each line.

    The first line of an order, by item, site and day, has the order's name, others that of their
    item and site too.
    """
    receipts = []
    names: set[str] = set()
    for row in sorted(rows, key=lambda one: [one[n] for n in ("order", "item", "site", "due")]):
        name = row["order"]
        if name in names:
            of_item = name = BAR.join((row["order"], row["item"], row["site"]))
            again = 1
            while name in names:
                name = f"{of_item}{BAR}{(again := again + 1)}"
        names.add(name)
        if len(name) > LONGEST:
            how = f"with item and site it is longer than {LONGEST} characters; shorten it."
            found.problems.append(row.problem("order", how))
            continue
        receipts.append(
            {
                "reference": name,
                "item": row["item"],
                "site": row["site"],
                "kind": "firm" if row["firm"].lower() in ("true", "yes", "1") else "scheduled",
                "due_on": row["due"][:10],
                "quantity": row["quantity"],
            }
        )
    return receipts


def _suppliers(
    rows: Mapping[str, list[Row]],
    bills: Mapping[str, Body],
    moved: Mapping[Place, Row],
    found: Loading,
) -> list[Body]:
    """Suppliers with what they offer: lots and cost are those of the item where it is bought."""
    suppliers: dict[str, Body] = {}
    offered: dict[str, Body] = {}
    planned: dict[str, list[Row]] = {}
    for item in rows["items"]:
        if not _made((item["item"], item["site"]), bills, moved):
            planned.setdefault(item["item"], []).append(item)
    unpriced = 0
    for row in rows["suppliers"]:
        one = suppliers.setdefault(
            row["supplier"],
            {
                "code": row["supplier"],
                "name": row["supplier"],
                "calendar": row["calendar"] or None,
                "payment_days": 0,
                "offers": [],
            },
        )
        bought = next(
            (item for item in planned.get(row["item"], []) if row["site"] in ("", item["site"])),
            None,
        )
        if bought is None:
            found.notes.append(f"{row['item']} is made, so {row['supplier']} is not asked.")
            continue
        if (row["calendar"] or None) != one["calendar"]:
            how = f"a supplier has one calendar in a running Takt, here {one['calendar']}."
            found.problems.append(row.problem("calendar", how))
        unpriced += not bought["cost"]
        offer = {
            "item": row["item"],
            "lead_time_days": -int(-float(row["lead_time_days"]) // 1),
            "minimum": bought["lot_minimum"] or "0",
            "multiple": bought["lot_multiple"] or "0",
            "maximum": bought["lot_maximum"] or None,
            "price_breaks": [{"quantity": "0", "price": bought["cost"] or "0"}],
        }
        if (before := offered.setdefault(row["item"], offer)) is not offer:
            if before != offer or offer not in one["offers"]:
                how = "a running Takt asks one supplier of an item for all sites: the first."
                found.problems.append(row.problem("supplier", how))
            continue
        one["offers"].append(offer)
    if unpriced:
        found.notes.append(
            f"{unpriced:,} items that are bought have no cost in items: offered at price 0."
        )
    if suppliers:
        found.notes.append("Suppliers that are new are paid on receipt: their payment_days are 0.")
    return list(suppliers.values())
