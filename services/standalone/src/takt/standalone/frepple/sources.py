"""Where an item at a location comes from: made, bought, or moved from another location."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from takt.standalone.frepple.account import Account
from takt.standalone.frepple.model import Model, Row
from takt.standalone.frepple.operations import Making, making_of

Place = tuple[str, str]
"""An item at a location."""

LATER = "another source of the item there has the first priority"


@dataclass(frozen=True, slots=True)
class Source:
    """How an item comes to a location; `origin` of what is moved, `making` of what is made."""

    kind: Literal["made", "bought", "moved"]
    row: Row
    making: Making | None = None
    origin: str = ""


@dataclass(slots=True)
class Sources:
    """The source of each item at each location that is planned; None where there is none."""

    model: Model
    today: date
    account: Account
    chosen: dict[Place, Source | None] = field(default_factory=dict)
    _offers: dict[str, list[tuple[str, Source]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        steps = {row.name for row in self.model["operation"] if row.text("owner")} | {
            row.text("suboperation") for row in self.model["suboperation"]
        }
        for row in self.model["operation"]:
            if row.name in steps or self._ended(row):
                continue
            making = making_of(self.model, row, self.today)
            if making is None:
                self.account.tell(row.model, "left out", "it makes no item, or by no step")
            else:
                self._offer(making.item, making.site, Source("made", row, making))
        for row in self.model["itemsupplier"]:
            item = self.model.refer(row, "item", "item", needed=True)
            supplier = self.model.refer(row, "supplier", "supplier", needed=True)
            site = self.model.refer(row, "location", "location")
            if item and supplier and not self._ended(row):
                self._spread(item, site, Source("bought", row))
        for row in self.model["itemdistribution"]:
            item = self.model.refer(row, "item", "item", needed=True)
            origin = self.model.refer(row, "origin", "location", needed=True)
            site = self.model.refer(row, "location", "location")
            if item and origin and not self._ended(row):
                self._spread(item, site, Source("moved", row, origin=origin))

    def _ended(self, row: Row) -> bool:
        """Whether a source does not hold on the day of planning."""
        first, last = row.day("effective_start"), row.last_day("effective_end")
        if last is not None and last < self.today:
            how = "it ended before the day of planning"
        elif first is not None and first > self.today:
            how = "it begins after the day of planning"
        else:
            return False
        self.account.tell(row.model, "left out", how)
        return True

    def _spread(self, item: str, site: str, source: Source) -> None:
        """A source of an item or all that it owns, at a location or all that it owns."""
        sites = [""] if not site else self.model.below("location", site)
        items = list(self.model.below("item", item))
        if len(items) > 1:
            how = "a group of items: each that is planned"
            self.account.tell(f"{source.row.model}.item", "changed", how)
        for place in sites:
            for one in items:
                self._offer(one, place, source)

    def _offer(self, item: str, site: str, source: Source) -> None:
        self._offers.setdefault(item, []).append((site, source))

    def given(self) -> Iterable[Place]:
        """Items at locations that operations, suppliers and distributions name themselves."""
        groups = {row.text("owner") for row in self.model["item"]}
        areas = {row.text("owner") for row in self.model["location"]}
        for item, offers in self._offers.items():
            for site, source in offers:
                made = source.kind == "made"
                named = made or (source.row.text("item") == item and site not in areas)
                if site and named and item not in groups:
                    yield item, site

    def choose(self, wanted: Iterable[Place]) -> None:
        """Find the source of these, and of all that they draw on."""
        waiting = list(wanted)
        while waiting:
            place = waiting.pop()
            if place in self.chosen:
                continue
            source = self.chosen[place] = self._first(*place)
            if source is None:
                continue
            if source.origin:
                waiting.append((place[0], source.origin))
            if source.making is not None:
                waiting += [(one.component, place[1]) for one in source.making.materials]

    def _first(self, item: str, site: str) -> Source | None:
        """The source of first priority; made before bought before moved, where that is equal."""
        offers = [
            source
            for where, source in self._offers.get(item, [])
            if where in (site, "") and source.origin != site
        ]
        used = [one for one in offers if one.row.number("priority", 1.0) > 0]
        kinds = ("made", "bought", "moved")
        ordered = sorted(
            used, key=lambda one: (one.row.number("priority", 1.0), kinds.index(one.kind))
        )
        return ordered[0] if ordered else None

    def tell(self) -> None:
        """Account for what was taken, and what was not."""
        taken = {id(one.row): one for one in self.chosen.values() if one}
        for source in taken.values():
            if source.making is not None:
                self.account.counts.update(source.making.account.counts)
        offered = {
            id(one.row): one for offers in self._offers.values() for _, one in offers
        }.values()
        for source in offered:
            row = source.row
            if id(row) in taken:
                self.account.tell(row.model, "taken")
                if row.day("effective_end") is not None:
                    how = "the source of today is planned with to the end"
                    self.account.tell(f"{row.model}.effective_end", "left out", how)
            elif row.number("priority", 1.0) <= 0:
                self.account.tell(row.model, "left out", "priority 0: not for planning")
            else:
                self.account.tell(row.model, "left out", LATER)

    def ends(self, place: Place) -> bool:
        """Whether nothing says where an item comes from, also where it is moved from."""
        seen = set()
        while (source := self.chosen.get(place)) and source.origin and place not in seen:
            seen.add(place)
            place = place[0], source.origin
        return source is None
