"""Bills of material: the components of a parent, in what order to plan, and how much is needed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from takt.supply_planning.domain.quantity import ONE, ceil_div


class BillCycleError(ValueError):
    """A bill of material contains itself. `cycle` begins and ends with the same item."""

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(f"the bill of material contains itself: {' > '.join(cycle)}")
        self.cycle = tuple(cycle)


class BillOverlapError(ValueError):
    """A component is in a bill twice on the same day: how much of it is taken cannot be said."""

    def __init__(self, line: "BillLine", other: "BillLine") -> None:
        super().__init__(
            f"{line.component} is in the bill of {line.parent} twice: {line.period} and"
            f" {other.period}"
        )
        self.line = line


@dataclass(frozen=True)
class Part:
    """So much of a component for one unit of a parent.

    Args:
        quantity_per: millionths of the component that one unit of the parent holds.
        scrap: the share of the component that is lost on the way, in [0, 1).
    """

    component: str
    quantity_per: int
    scrap: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.quantity_per <= 0:
            raise ValueError(f"the quantity per of {self.component} must be above 0")
        if not 0 <= self.scrap < 1:
            raise ValueError(f"scrap {self.scrap} of {self.component} is not in [0, 1)")

    @cached_property
    def factor(self) -> tuple[int, int]:
        """What a unit of the parent takes, with scrap: numerator and denominator."""
        factor = Fraction(self.quantity_per, ONE) / (1 - Fraction(self.scrap))
        return factor.numerator, factor.denominator

    def required(self, parents: int) -> int:
        """Millionths of the component for `parents` millionths of the parent, with scrap."""
        numerator, denominator = self.factor
        return ceil_div(parents * numerator, denominator)

    def suffices_for(self, quantity: int) -> int:
        """The most millionths of the parent for which so much of the component is enough."""
        numerator, denominator = self.factor
        return quantity * denominator // numerator


@dataclass(frozen=True)
class BillLine:
    """A component of a parent, and what may stand in for it.

    Args:
        quantity_per, scrap: of the component, as in `Part`.
        valid_from, valid_to: the first and the last day on which a release of the parent takes it;
            None is without end.
        alternates: what a parent may take instead, the most preferred first.
    """

    parent: str
    component: str
    quantity_per: int
    scrap: Decimal = Decimal(0)
    valid_from: date | None = None
    valid_to: date | None = None
    alternates: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        Part(self.component, self.quantity_per, self.scrap)  # refuses what cannot be
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(f"{self.component} in {self.parent} ends before it begins")
        if len({self.component, *(one.component for one in self.alternates)}) <= len(
            self.alternates
        ):
            raise ValueError(f"an alternate of {self.component} in {self.parent} is named twice")

    @cached_property
    def part(self) -> Part:
        """What it takes of its own component."""
        return Part(self.component, self.quantity_per, self.scrap)

    @property
    def period(self) -> str:
        """When it is valid, in words."""
        return f"from {self.valid_from or 'ever'} to {self.valid_to or 'ever'}"

    @property
    def dated(self) -> bool:
        """Whether it begins or ends."""
        return self.valid_from is not None or self.valid_to is not None

    def holds(self, day: date) -> bool:
        """Whether what is released on this day takes it."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def required(self, parents: int) -> int:
        """Millionths of the component for `parents` millionths of the parent, with scrap."""
        return self.part.required(parents)


class BillOfMaterial:
    """All bill lines together.

    Raises: BillCycleError: they contain a cycle; an alternate counts like what it stands in for.
        BillOverlapError: a component is in a bill twice on the same day.
    """

    def __init__(self, lines: Iterable[BillLine]) -> None:
        self.lines = tuple(lines)
        self.components: Mapping[str, tuple[BillLine, ...]] = _grouped(
            self.lines, lambda line: line.parent
        )
        self.used_in: Mapping[str, tuple[BillLine, ...]] = _grouped(
            self.lines, lambda line: line.component
        )
        self._replaces: dict[str, list[BillLine]] = defaultdict(list)
        for line in self.lines:
            for other in line.alternates:
                self._replaces[other.component].append(line)
        for group in self.components.values():
            refuse_overlap(group)
        self._companions = companions(self.lines)
        self._levels = low_level_codes(self.lines)

    def level(self, item: str) -> int:
        """The low-level code: the longest way down to it from a top item; 0 for unknown items."""
        return self._levels.get(item, 0)

    def taking(self, item: str) -> tuple[BillLine, ...]:
        """The lines that take an item, then those for which it may stand in."""
        return (*self.used_in.get(item, ()), *self._replaces.get(item, ()))

    def together(self, item: str) -> tuple[str, ...]:
        """The items that are planned together, as one may stand in for the other; itself alone."""
        return self._companions.get(item, (item,))

    def below(self, items: Iterable[str]) -> set[str]:
        """These items, every component below them, and what is planned together with those."""
        found = {one for item in items for one in self.together(item)}
        rest = list(found)
        while rest:
            for line in self.components.get(rest.pop(), ()):
                if line.component not in found:
                    more = self.together(line.component)
                    found.update(more)
                    rest.extend(more)
        return found

    def critical_path(
        self,
        item: str,
        due: date,
        start: Callable[[str, date], date],
        made: Callable[[str], bool] = lambda _: True,
    ) -> tuple[tuple[str, date], ...]:
        """Items and start dates along the longest branch below `item`: siblings run side by side.

        A line counts when it holds on the day on which its parent starts. Alternates do not count.

        Args:
            item: at the top.
            due: when it must be there.
            start: when an item must be started to be there on a date.
            made: whether an item takes its components here.
        """
        begins = start(item, due)
        branches = [
            self.critical_path(line.component, begins, start, made)
            for line in (self.components.get(item, ()) if made(item) else ())
            if line.holds(begins)
        ]
        longest = min(branches, key=lambda path: (path[-1][1], path), default=())
        return ((item, begins), *longest)


def companions(lines: Iterable[BillLine]) -> dict[str, tuple[str, ...]]:
    """Items that stand in for each other, directly or through others, by each of them."""
    sets: dict[str, set[str]] = {}
    for line in lines:
        if line.alternates:
            names = {line.component, *(one.component for one in line.alternates)}
            joined = names.union(*(sets[name] for name in names if name in sets))
            sets.update(dict.fromkeys(joined, joined))
    return {item: tuple(sorted(group)) for item, group in sets.items()}


def low_level_codes(lines: Sequence[BillLine]) -> dict[str, int]:
    """The longest way from a top item down to each: an item is planned after all that use it.

    Items that stand in for each other have one code: they are planned together.

    Raises: BillCycleError: names the items of a cycle in order.

    Source: Orlicky's Material Requirements Planning, 3rd ed., ch. 4.
    """
    groups = companions(lines)

    def node(item: str) -> str:
        return groups[item][0] if item in groups else item

    components: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    waiting: dict[str, int] = {}
    for line in lines:
        above, below = node(line.parent), node(line.component)
        waiting.setdefault(above, 0)
        waiting.setdefault(below, 0)
        if below not in components[above]:
            components[above][below] = (line.parent, line.component)
            waiting[below] += 1
    levels = dict.fromkeys((item for item, parents in waiting.items() if not parents), 0)
    ready = list(levels)
    while ready:
        parent = ready.pop()
        for component in components.get(parent, ()):
            levels[component] = max(levels.get(component, 0), levels[parent] + 1)
            waiting[component] -= 1
            if not waiting[component]:
                ready.append(component)
    if cyclic := {item for item, parents in waiting.items() if parents}:
        hops = pairwise(_a_cycle(cyclic, components))
        raise BillCycleError(_in_items([components[above][below] for above, below in hops]))
    alike = {item: levels[group[0]] for item, group in groups.items()}
    return levels | alike


def _in_items(hops: Sequence[tuple[str, str]]) -> list[str]:
    """A cycle through items: where one stands in for another, both are named."""
    path: list[str] = []
    for parent, component in hops:
        path += [component] if path[-1:] == [parent] else [parent, component]
    return path if path[0] == path[-1] else [*path, path[0]]


def refuse_overlap(lines: Iterable[BillLine]) -> None:
    """Of each component of a parent, no two lines may hold on the same day.

    Raises: BillOverlapError: two do.
    """
    for line, after in pairwise(sorted(lines, key=_order)):
        if line.component == after.component and (
            line.valid_to is None or after.valid_from is None or after.valid_from <= line.valid_to
        ):
            raise BillOverlapError(line, after)


def _a_cycle(within: set[str], components: Mapping[str, Iterable[str]]) -> list[str]:
    # Every item of `within` has a parent in it: walking up from any of them must come round.
    parents = {
        component: parent
        for parent in sorted(within)
        for component in sorted(components.get(parent, ()))
        if component in within
    }
    path = [min(within)]
    while (parent := parents[path[-1]]) not in path:
        path.append(parent)
    cycle = path[path.index(parent) :][::-1]
    first = cycle.index(min(cycle))
    return [*cycle[first:], *cycle[:first], cycle[first]]


def _grouped(
    lines: Iterable[BillLine], key: Callable[[BillLine], str]
) -> dict[str, tuple[BillLine, ...]]:
    groups: dict[str, list[BillLine]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return {name: tuple(sorted(group, key=_order)) for name, group in groups.items()}


def _order(line: BillLine) -> tuple[str, str, date]:
    return line.parent, line.component, line.valid_from or date.min
