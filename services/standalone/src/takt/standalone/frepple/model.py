"""A frePPLe model: Django fixture JSON, as rows by kind of thing, with their texts and numbers."""

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from takt.standalone.commands.output import USED_WRONGLY, CommandError
from takt.standalone.supply_folder.findings import Findings
from takt.supply_planning.domain.grid.exact import EXACT
from takt.supply_planning.domain.quantity import ONE

NUMBER = re.compile(r"-?\d+(\.\d*)?(e[+-]?\d+)?", re.I)
CLOCK = re.compile(r"(?:(\d+)\s+(?:days?,?\s+)?)?(\d+):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
PERIOD = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
REFERENCES = {
    "calendarbucket": {"calendar": "calendar"},
    "location": {"owner": "location", "available": "calendar"},
    "item": {"owner": "item"},
    "supplier": {"available": "calendar"},
    "resource": {
        "owner": "resource",
        "maximum_calendar": "calendar",
        "location": "location",
    },
    "operation": {"owner": "operation", "item": "item", "location": "location"},
    "suboperation": {"operation": "operation", "suboperation": "operation"},
    "operationmaterial": {"operation": "operation", "item": "item"},
    "operationresource": {"operation": "operation", "resource": "resource"},
}
"""Fields that name another object, and its kind; what is planned by itself checks its own."""
WRONG = "it is {}; write it as frePPLe does, such as {}."
NO_DATE = WRONG.format("no date", "2026-11-30 00:00:00")
LARGEST = EXACT / ONE


@dataclass(frozen=True, slots=True)
class Row:
    """One object: its kind (`input.item`), its name, its fields without the ending `_id`."""

    model: str
    name: str
    fields: Mapping[str, Any]
    path: Path
    findings: Findings

    def text(self, name: str) -> str:
        """A field as text, or the name that it refers to; "" where there is none."""
        value = self.fields.get(name)
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else " @ ".join(map(str, value))
        return "" if value is None else str(value).strip()

    def number(self, name: str, default: float) -> float:
        """A finite number; the default where there is none."""
        text = self.text(name)
        if not text:
            return default
        if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            self.fault(name, WRONG.format("no number", "12.5"))
            return default
        return float(text)

    def quantity(self, name: str, default: float, *, negative: bool = False) -> float:
        """A number that a plan can hold to the millionth; 0 or more, unless it may be negative."""
        found = self.number(name, default)
        if found < 0 and not negative:
            self.fault(name, WRONG.format("below zero", "12.5"))
        elif abs(found) >= LARGEST:
            self.fault(name, f"quantities go up to {LARGEST:,.0f}; choose a larger unit.")
        elif found and abs(found) * ONE <= 0.5:
            self.fault(name, "it is less than half a millionth; choose a smaller unit.")
        else:
            return found
        return default

    def seconds(self, name: str) -> float:
        """A duration: seconds, `1 02:00:00`, or ISO 8601; 0 where there is none."""
        text = self.text(name)
        if not text or NUMBER.fullmatch(text):
            found = self.number(name, 0.0)
        elif match := CLOCK.fullmatch(text) or (PERIOD.fullmatch(text) if len(text) > 1 else None):
            days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
            found = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        else:
            self.fault(name, WRONG.format("no duration", "86400 or 1 00:00:00"))
            return 0.0
        if found < 0:
            self.fault(name, WRONG.format("below zero", "86400"))
        return max(found, 0.0)

    def moment(self, name: str) -> datetime | None:
        """A date with its time of day, as it is written: without a time zone."""
        text = self.text(name)
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            self.fault(name, NO_DATE)
            return None

    def day(self, name: str) -> date | None:
        """The day of a moment."""
        found = self.moment(name)
        return found and found.date()

    def last_day(self, name: str) -> date | None:
        """The last day that is, if only in part, before a moment."""
        found = self.moment(name)
        if found is None or found.time() > time() or found.date() == date.min:
            return found and found.date()
        return date.fromordinal(found.toordinal() - 1)

    def flag(self, name: str) -> bool:
        """True unless the field says no."""
        return self.fields.get(name) not in (False, 0, "0", "false", "False")

    def clock(self, name: str, default: int) -> int:
        """A time of day in minutes; the last second of a day is its end."""
        text = self.text(name)
        if not text:
            return default
        match = CLOCK.fullmatch(text)
        if match is None:
            self.fault(name, WRONG.format("no time of day", "08:00:00"))
            return default
        hours, minutes, seconds = (float(part) for part in match.groups()[1:])
        return min(round(hours * 60 + minutes + seconds / 60), 1440)

    def fault(self, name: str, remedy: str) -> None:
        """Something is wrong with a field."""
        self.findings.fault(
            f"{self.path}: {self.model} {self.name!r} {name} = {self.text(name)!r}", remedy
        )


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that a file holds, by kind (`item`) in the order of the file."""

    path: Path
    rows: Mapping[str, list[Row]]
    findings: Findings
    by_name: dict[str, dict[str, Row]] = field(default_factory=dict)
    _by_field: dict[tuple[str, str], dict[str, list[Row]]] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> list[Row]:
        return self.rows.get(kind, [])

    def named(self, kind: str) -> dict[str, Row]:
        """The objects of a kind by their name; the same name twice is refused."""
        if kind not in self.by_name:
            found: dict[str, Row] = {}
            for row in self[kind]:
                if found.setdefault(row.name, row) is not row:
                    row.fault("name", "the same name is there twice; keep one of them.")
            self.by_name[kind] = found
        return self.by_name[kind]

    def of(self, kind: str, name: str, text: str) -> list[Row]:
        """The objects of a kind of which a field says so, in the order of the file."""
        if (key := (kind, name)) not in self._by_field:
            found = self._by_field[key] = {}
            for row in self[kind]:
                found.setdefault(row.text(name), []).append(row)
        return self._by_field[key].get(text, [])

    def refer(self, row: Row, name: str, kind: str, *, needed: bool = False) -> str:
        """The name that a field refers to; "", and refused, where the file does not have it."""
        text = row.text(name)
        if not text:
            if needed:
                row.fault(name, f"it is empty; name the {kind} that it is about.")
            return ""
        if text not in self.named(kind):
            row.fault(name, f"the file has no input.{kind} of this name; add it, or correct it.")
            return ""
        return text

    def check_references(self) -> None:
        """Refuse every reference, of what is read here, to what the file does not have.

        Raises: CommandError: something owns itself, so that nothing can be read from it.
        """
        for kind, fields in REFERENCES.items():
            for row in self[kind]:
                for name, of in fields.items():
                    self.refer(row, name, of)
        owned = {
            kind: [(row.name, row.text("owner")) for row in self[kind] if row.text("owner")]
            for kind, fields in REFERENCES.items()
            if "owner" in fields
        }
        owned["operation"] += [
            (row.text("suboperation"), row.text("operation")) for row in self["suboperation"]
        ]
        whole = True
        for kind, pairs in owned.items():
            sorter: TopologicalSorter[str] = TopologicalSorter()
            for one, owner in pairs:
                sorter.add(one, owner)
            try:
                sorter.prepare()
            except CycleError as error:
                whole = False
                cycle = " > ".join(error.args[1])
                self.findings.fault(
                    f"{self.path}: input.{kind} owner", f"{cycle} is a cycle; take an owner out."
                )
        if not whole:
            self.findings.end()

    def below(self, kind: str, name: str) -> Iterator[str]:
        """A name and all that it owns, at every level."""
        waiting = [name]
        while waiting:
            yield (one := waiting.pop())
            waiting += [row.name for row in self.of(kind, "owner", one)]

    def parameter(self, name: str) -> str:
        """The value of a parameter, "" where there is none."""
        return next((r.text("value") for r in self["parameter"] if r.name == name), "")

    @property
    def today(self) -> date | None:
        """The day of planning that the model has, if it has one: `now` and `today` are none."""
        row = next((row for row in self["parameter"] if row.name == "currentdate"), None)
        if row is None or row.text("value").lower() in ("now", "today"):
            return None
        return row.day("value")


def read_model(path: Path, findings: Findings) -> Model:
    """Read a fixture. Raises CommandError: no such file, no JSON, or no list of objects."""
    if not path.is_file():
        raise CommandError(
            f"{path} cannot be read: it is no file.", "Name a .json or .json.gz.", USED_WRONGLY
        )
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        document = json.loads(content)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise CommandError(
            f"{path} cannot be read: {error}.",
            "Give it the model as frePPLe's dumpdata writes it: JSON, also packed by gzip.",
            USED_WRONGLY,
        ) from error
    if not isinstance(document, list):
        raise CommandError(
            f"{path} holds no list of objects.", "Export it by frePPLe's dumpdata.", USED_WRONGLY
        )
    rows: dict[str, list[Row]] = {}
    for place, one in enumerate(document):
        if not isinstance(one, dict) or not isinstance(one.get("fields"), dict):
            findings.fault(f"{path}: object {place + 1}", "it has no fields; export it again.")
            continue
        fields = {name.removesuffix("_id"): value for name, value in one["fields"].items()}
        model = str(one.get("model", ""))
        kind = model.rpartition(".")[2]
        said = (
            fields.get("reference" if kind in ORDERS else "name"),
            one.get("pk"),
            fields.get("id"),
        )
        name = next((each for each in said if each not in (None, "")), place + 1)
        if isinstance(name, list):
            name = " @ ".join(map(str, name))
        row = Row(model, str(name).strip(), fields, path, findings)
        rows.setdefault("operationplan" if kind in ORDERS else kind, []).append(row)
    if not rows.get("item"):
        raise CommandError(
            f"{path} has no input.item.", "Give it a frePPLe model with items.", USED_WRONGLY
        )
    return Model(path, rows, findings)


ORDERS = {
    "operationplan": "",
    "purchaseorder": "PO",
    "distributionorder": "DO",
    "manufacturingorder": "MO",
}
"""Models of orders, and the type of those that do not say it."""


def up_to_day(seconds: float, minutes_a_day: float = 1440) -> int:
    """A duration in whole days of so many minutes, rounded up but for what floats add."""
    return math.ceil(seconds / (60 * minutes_a_day) - 1e-9)
