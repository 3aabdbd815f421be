"""Bills of material: the components of a parent, in what order to plan, and how much is needed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from takt.supply_planning.domain.quantity import ONE, ceil_div


class BillCycleError(ValueError):
    """A bill of material contains itself. `cycle` begins and ends with the same item."""

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(f"the bill of material contains itself: {' > '.join(cycle)}")
        self.cycle = tuple(cycle)


@dataclass(frozen=True)
class BillLine:
    """A component of a parent.

    Args:
        quantity_per: millionths of the component that one unit of the parent holds.
        scrap: the share of the component that is lost on the way, in [0, 1).
    """

    parent: str
    component: str
    quantity_per: int
    scrap: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.quantity_per <= 0:
            raise ValueError(
                f"the quantity per of {self.component} in {self.parent} must be above 0"
            )
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


class BillOfMaterial:
    """All bill lines together. Raises BillCycleError when they contain a cycle."""

    def __init__(self, lines: Iterable[BillLine]) -> None:
        self.lines = tuple(lines)
        self.components: Mapping[str, tuple[BillLine, ...]] = _grouped(
            self.lines, lambda line: line.parent
        )
        self.used_in: Mapping[str, tuple[BillLine, ...]] = _grouped(
            self.lines, lambda line: line.component
        )
        self._levels = low_level_codes(self.lines)

    def level(self, item: str) -> int:
        """The low-level code: the longest way down to it from a top item; 0 for unknown items."""
        return self._levels.get(item, 0)

    def below(self, items: Iterable[str]) -> set[str]:
        """These items and every component below them."""
        found = set(items)
        rest = list(found)
        while rest:
            for line in self.components.get(rest.pop(), ()):
                if line.component not in found:
                    found.add(line.component)
                    rest.append(line.component)
        return found

    def critical_path(
        self, item: str, due: date, start: Callable[[str, date], date]
    ) -> tuple[tuple[str, date], ...]:
        """Items and start dates along the longest branch below `item`: siblings run side by side.

        Args: start: when an item must be started to be there on a date.
        """
        begins = start(item, due)
        branches = [
            self.critical_path(line.component, begins, start)
            for line in self.components.get(item, ())
        ]
        longest = min(branches, key=lambda path: (path[-1][1], path), default=())
        return ((item, begins), *longest)


def low_level_codes(lines: Iterable[BillLine]) -> dict[str, int]:
    """The longest way from a top item down to each: an item is planned after all that use it.

    Raises: BillCycleError: names the items of a cycle in order.

    Source: Orlicky's Material Requirements Planning, 3rd ed., ch. 4.
    """
    components: dict[str, set[str]] = defaultdict(set)
    waiting: dict[str, int] = {}
    for line in lines:
        waiting.setdefault(line.parent, 0)
        waiting.setdefault(line.component, 0)
        if line.component not in components[line.parent]:
            components[line.parent].add(line.component)
            waiting[line.component] += 1
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
        raise BillCycleError(_a_cycle(cyclic, components))
    return levels


def _a_cycle(within: set[str], components: Mapping[str, set[str]]) -> list[str]:
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
    return {
        name: tuple(sorted(group, key=lambda line: (line.parent, line.component)))
        for name, group in groups.items()
    }
