"""Trees of codes, as products lie in families and regions in regions; what is no tree is refused.

HierarchyError
|-- TwoParents       a node is said to lie in two others
|-- Circle           a node lies in itself, through others
|-- UnknownParent    a node lies in one that is not there
|-- UnknownCode      a series stands at a code that is not there
`-- TwiceTheSame     a series comes twice
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from takt.forecast.domain.hierarchy import ancestry

OWN = "·"
"""Before the code of an inner node that has series of its own: a leaf beside its children."""


class HierarchyError(ValueError):
    """What was given is no hierarchy; the message names where."""


class TwoParents(HierarchyError):
    """A node is said to lie in two others."""


class Circle(HierarchyError):
    """A node lies in itself, through others."""


class UnknownParent(HierarchyError):
    """A node lies in one that is not there."""


class UnknownCode(HierarchyError):
    """A series stands at a code that is not there."""


class TwiceTheSame(HierarchyError):
    """A series comes twice."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Codes with the one that each lies in; None at a root."""

    parents: Mapping[str, str | None]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str | None]]) -> "Tree":
        """A tree, or several, from codes and parents. Raises HierarchyError."""
        parents: dict[str, str | None] = {}
        for code, parent in pairs:
            if code in parents and parents[code] != parent:
                raise TwoParents(
                    f"{code} lies in {parents[code] or 'nothing'} and in {parent or 'nothing'}:"
                    " give it one parent"
                )
            parents[code] = parent
        for code, parent in parents.items():
            if parent is not None and parent not in parents:
                raise UnknownParent(f"{code} lies in {parent}, which is not there: add {parent}")
        for code in parents:
            way = ancestry(code, parents)
            if parents[way[-1]] is not None:
                circle = [*way[way.index(parents[way[-1]] or "") :], parents[way[-1]]]
                raise Circle(f"{' in '.join(map(str, circle))}: take one of these parents away")
        return cls(parents)

    def paths(self, codes: Iterable[str]) -> dict[str, list[str | None]]:
        """What each of the codes lies in, itself first, and `None`, all, where roots are several.

        A code in which others of them lie is first a leaf of its own.
        """
        chosen = sorted(set(codes))
        for code in chosen:
            if code not in self.parents:
                raise UnknownCode(f"{code} is not in the hierarchy: add it, with its parent")
        ways = {code: ancestry(code, self.parents) for code in chosen}
        inner = {above for way in ways.values() for above in way[1:]}
        several = len({way[-1] for way in ways.values()}) > 1
        found: dict[str, list[str | None]] = {}
        for code, way in ways.items():
            own = [OWN + code] if code in inner else []
            found[code] = [*own, *way, *([None] if several else [])]
        return found
