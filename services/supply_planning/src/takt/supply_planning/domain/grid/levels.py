"""Low-level codes of rows, and the cycles that leave some without one."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.bom import BillCycleError, BillLine, low_level_codes
from takt.supply_planning.domain.quantity import ONE

Ints = npt.NDArray[np.int64]


class CycleError(ValueError):
    """Rows draw on themselves. Each of `cycles` begins and ends with the same row."""

    def __init__(self, cycles: Sequence[Sequence[int]]) -> None:
        super().__init__(f"rows draw on themselves: {cycles[0]}")
        self.cycles = cycles


def levels_of(rows: int, parent: Ints, component: Ints) -> Ints:
    """The longest way from a row that nothing draws on down to each, shape (rows,).

    Args: parent, component: of each line, shape (lines,).
    Raises: CycleError: names a cycle of every group of rows that draw on each other.
    """
    order = np.argsort(parent, kind="stable")
    below = component[order]
    first = np.searchsorted(parent[order], np.arange(rows + 1))
    waiting = np.bincount(component, minlength=rows)
    level = np.zeros(rows, np.int64)
    front = np.flatnonzero(waiting == 0)
    done, depth = 0, 0
    while len(front):
        level[front] = depth
        done += len(front)
        reached = below[ranges(first[front], first[front + 1])]
        touched, times = np.unique(reached, return_counts=True)
        waiting[touched] -= times
        front = touched[waiting[touched] == 0]
        depth += 1
    if done < rows:
        raise CycleError(_cycles(np.flatnonzero(waiting), parent, component))
    return level


def ranges(starts: Ints, stops: Ints) -> Ints:
    """All numbers from each start up to its stop, one range after the other."""
    lengths = stops - starts
    offsets = np.cumsum(lengths) - lengths
    found: Ints = np.arange(lengths.sum()) + np.repeat(starts - offsets, lengths)
    return found


def _cycles(left: Ints, parent: Ints, component: Ints) -> list[list[int]]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    within = np.isin(parent, left) & np.isin(component, left)
    parent, component = parent[within], component[within]
    size = int(left.max()) + 1
    graph = coo_matrix((np.ones(len(parent)), (parent, component)), (size, size))
    _, group = connected_components(graph, directed=True, connection="strong")
    inside = group[parent] == group[component]
    cycles = []
    for one in np.unique(group[parent[inside]]):
        lines = np.flatnonzero(inside & (group[parent] == one))
        try:
            low_level_codes(
                [BillLine(f"{parent[line]:012}", f"{component[line]:012}", ONE) for line in lines]
            )
        except BillCycleError as error:
            cycles.append([int(row) for row in error.cycle])
    return cycles
