"""Reconciliation: forecasts of every node of product x region x channel brought to agree.

    base forecasts y of all nodes -> the nearest that sum:  y - W C' (C W C')^-1 C y

Each row of C says that a node is the sum of its children along one axis, so that C W C' stays as
sparse as the trees; it is factorised once, and a change of one series is one solve. W is the error
of the base forecasts: its variances alone (`by_variance`), or its covariance shrunk to them
(`by_covariance`, MinT-shrink), which adds as many dimensions as there are residuals and is solved
by Woodbury's identity on the same factor. Series that come out negative become zero, and every
node above is the exact sum of its series in whole millionths.
Sources: Wickramasuriya, Athanasopoulos & Hyndman (2019), MinT; Schäfer & Strimmer (2005), the
shrinkage; Di Fonzo & Girolimetto (2023), set-negative-to-zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.joining import MILLION
from takt.forecast.domain.trees import Tree, TwiceTheSame

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import SuperLU

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Node = tuple[str | None, ...]
"""A code on each axis; None is all, where an axis has several roots."""

LEAST_VARIANCE = 1e-6
"""Of a node, as a share of the mean: one that never erred is not certain."""
LEAST_SHRINKAGE = 0.01


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Nodes and how they sum: first the series, in the order given, then all that hold them.

    `constraints` has a row per node that is a sum; `steps` are the sums themselves, a matrix for
    each depth, the deepest first, so that one after the other fills all nodes.
    """

    nodes: tuple[Node, ...]
    series: int
    constraints: "csr_array"
    steps: tuple[tuple[Integers, "csr_array"], ...]

    def sums(self, series: Integers) -> Integers:
        """All nodes from whole numbers of the series, shape (series, weeks) -> (nodes, weeks)."""
        found = np.zeros((len(self.nodes), series.shape[1]), dtype=np.int64)
        found[: self.series] = series
        for places, children in self.steps:
            found[places] = children @ found
        return found


def hierarchy(series: Sequence[tuple[str, ...]], axes: Sequence[Tree]) -> Hierarchy:
    """The nodes that hold series, on a tree per axis.

    Args:
        series: each one's code on every axis, which may be a leaf or an inner node of its tree.
        axes: the trees.

    Raises: HierarchyError: a code is in no tree, or a series comes twice.
    """
    from scipy.sparse import csr_array

    used = [{codes[axis] for codes in series} for axis in range(len(axes))]
    paths = [tree.paths(codes) for tree, codes in zip(axes, used, strict=True)]
    bottoms = [tuple(paths[a][code][0] for a, code in enumerate(codes)) for codes in series]
    place: dict[Node, int] = {}
    for node, codes in zip(bottoms, series, strict=True):
        if node in place:
            raise TwiceTheSame(f"{' x '.join(codes)} comes twice: give each series once")
        place[node] = len(place)
    depth: dict[Node, int] = {}
    children: dict[Node, list[dict[Node, None]]] = {}
    for codes in series:
        steps = [paths[axis][code] for axis, code in enumerate(codes)]
        for heights in product(*(range(len(path)) for path in steps)):
            node = tuple(path[height] for path, height in zip(steps, heights, strict=True))
            depth[node] = max(depth.get(node, 0), sum(heights))
            below = children.setdefault(node, [{} for _ in axes])
            for axis, height in enumerate(heights):
                if height:
                    child = (*node[:axis], steps[axis][height - 1], *node[axis + 1 :])
                    below[axis][child] = None
    sums = sorted((node for node in depth if node not in place), key=lambda node: depth[node])
    for node in sums:
        place[node] = len(place)
    chosen = {node: min(filter(None, children[node]), key=len) for node in sums}
    rows, columns, values = [], [], []
    for row, node in enumerate(sums):
        members = [place[child] for child in chosen[node]]
        rows += [row] * (len(members) + 1)
        columns += [place[node], *members]
        values += [1.0] + [-1.0] * len(members)
    constraints = csr_array((values, (rows, columns)), shape=(len(sums), len(place)))
    return Hierarchy(tuple(place), len(series), constraints, _steps(sums, chosen, place))


def _steps(
    sums: Sequence[Node],
    chosen: Mapping[Node, Mapping[Node, None]],
    place: Mapping[Node, int],
) -> tuple[tuple[Integers, "csr_array"], ...]:
    """Sums in an order in which each one's children are there before it."""
    from scipy.sparse import csr_array

    height = dict.fromkeys(place, 0)
    levels: dict[int, list[Node]] = {}
    for node in sums:
        height[node] = 1 + max(height[child] for child in chosen[node])
        levels.setdefault(height[node], []).append(node)
    found = []
    for _, nodes in sorted(levels.items()):
        members = [[place[child] for child in chosen[node]] for node in nodes]
        counts = np.cumsum([0, *map(len, members)])
        columns = np.concatenate(members)
        ones = np.ones(len(columns), dtype=np.int64)
        matrix = csr_array((ones, columns, counts), shape=(len(nodes), len(place)))
        found.append((np.array([place[node] for node in nodes]), matrix))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Base forecasts of all nodes, and the series as they agree with them, before any rounding.

    Shapes (nodes, weeks) and (series, weeks).
    """

    base: Floats
    series: Floats

    def millionths(self, tree: Hierarchy) -> Integers:
        """Every node in whole millionths, never negative, shape (nodes, weeks); all sums exact."""
        return tree.sums(np.rint(np.maximum(self.series, 0.0) * MILLION).astype(np.int64))


def shown(millionths: Integers, tree: Hierarchy, step: int = MILLION) -> Integers:
    """Every node in multiples of `step` for display, in millionths; all sums stay exact.

    Series are rounded, and what holds them is summed from that.
    """
    return tree.sums(rounded(millionths[: tree.series], step))


def rounded(series: Integers, step: int) -> Integers:
    """Series in multiples of `step` by largest remainder, shape (series, weeks), in millionths.

    Their sum is the rounded sum of all. Ties go to the first.
    """
    floors, remainders = np.divmod(series, step)
    missing = np.rint(remainders.sum(axis=0) / step).astype(np.int64)
    order = np.argsort(-remainders, axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(series))[:, None], axis=0)
    shares: Integers = (floors + (rank < missing)) * step
    return shares


@dataclass(frozen=True, slots=True)
class Reconciler:
    """A hierarchy with the factor of C W C', kept for every later change.

    W is `variance` on its diagonal and `shared` x `shared`': shape (nodes,), (nodes, residuals).
    """

    tree: Hierarchy
    variance: Floats
    shared: Floats
    factor: "SuperLU"
    solved: Floats
    """The factor's solution of C x `shared`."""
    capacitance: Floats
    """The inverse of 1 + (C `shared`)' x `solved`."""

    def reconcile(self, base: Floats) -> Reconciled:
        """The nearest forecasts that sum, by shape (nodes, weeks)."""
        return Reconciled(base, self._projected(base, self.tree.constraints @ base))

    def change(self, before: Reconciled, node: int, forecast: Floats) -> Reconciled:
        """The same after one node has another base forecast, shape (weeks,): one solve."""
        base = before.base.copy()
        base[node] = forecast
        unit = np.zeros((len(self.tree.nodes), 1))
        unit[node] = 1.0
        column = self.tree.constraints[:, [node]].toarray()
        effect = self._projected(unit, column)
        return replace(
            before, base=base, series=before.series + effect * (forecast - before.base[node])
        )

    def _projected(self, base: Floats, gaps: Floats) -> Floats:
        """Base - W C' (C W C')^-1 gaps, of the series alone."""
        solution = self.factor.solve(gaps)
        inside = self.shared.T
        seen = self.tree.constraints.T @ solution
        if inside.size:
            seen -= self.tree.constraints.T @ (self.solved @ (self.capacitance @ (inside @ seen)))
        series = slice(0, self.tree.series)
        moved = self.variance[series, None] * seen[series]
        if inside.size:
            moved += self.shared[series] @ (inside @ seen)
        projected: Floats = base[series] - moved
        return projected


def by_variance(tree: Hierarchy, variance: Floats) -> Reconciler:
    """Weights by the variance of each node's base error, shape (nodes,)."""
    return _reconciler(tree, variance, np.zeros((len(variance), 0)))


def by_covariance(tree: Hierarchy, residuals: Floats) -> Reconciler:
    """MinT-shrink: the covariance of base errors, shape (nodes, periods), shrunk to its diagonal.

    How far it is shrunk follows from how uncertain the correlations are.
    """
    periods = residuals.shape[1]
    variance = _floored((residuals**2).mean(axis=1))
    rate = shrinkage(residuals)
    shared = residuals * np.sqrt((1 - rate) / periods)
    own = np.maximum(variance - (shared**2).sum(axis=1), rate * variance)
    return _reconciler(tree, own, shared)


def _reconciler(tree: Hierarchy, variance: Floats, shared: Floats) -> Reconciler:
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import splu

    weights = _floored(variance)
    matrix: Any = tree.constraints @ diags_array(weights) @ tree.constraints.T
    factor = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    gaps = tree.constraints @ shared
    solved = factor.solve(gaps) if shared.size else gaps
    inner = np.linalg.inv(np.eye(shared.shape[1]) + gaps.T @ solved)
    return Reconciler(tree, weights, shared, factor, solved, inner)


def _floored(variance: Floats) -> Floats:
    least = LEAST_VARIANCE * max(float(variance.mean()), 1e-12)
    return np.maximum(variance, least)


def shrinkage(residuals: Floats) -> float:
    """How far correlations are shrunk to none, [0.01, 1], shape (nodes, periods).

    The sums over all pairs of nodes come from matrices of periods x periods.
    Source: Schäfer & Strimmer (2005), target D.
    """
    periods = residuals.shape[1]
    spread = np.sqrt((residuals**2).mean(axis=1, keepdims=True))
    x = np.divide(residuals, spread, out=np.zeros_like(residuals), where=spread > 0)
    live = int((spread > 0).sum())
    squares = float(((x.T @ x) ** 2).sum()) / periods**2 - live
    products = float(((x**2).sum(axis=0) ** 2).sum()) - float((x**4).sum())
    if periods < 2 or squares <= 0:
        return 1.0
    noise = (products - periods * squares) / (periods * (periods - 1))
    return float(np.clip(noise / squares, LEAST_SHRINKAGE, 1.0))
