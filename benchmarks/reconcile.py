"""Reconciliation of 18,000 nodes: one series changed, beside reconciling all of them anew."""

import statistics
import time

import numpy as np

from benchmarks.line import Line
from takt.forecast.domain.reconciliation import Hierarchy, Reconciler, by_variance, hierarchy
from takt.forecast.domain.trees import Tree

FAMILIES, PRODUCTS, AREAS, REGIONS, CHANNELS, WEEKS = 20, 400, 5, 20, 2, 26
CHANGES, TURNS = 40, 3
SEED = 9


def company() -> Hierarchy:
    """Products in families, regions in areas, two channels; some products are sold in some."""
    random = np.random.default_rng(SEED)
    products = [(f"F{f}", None) for f in range(FAMILIES)]
    products += [(f"P{p}", f"F{p % FAMILIES}") for p in range(PRODUCTS)]
    regions = [("world", None), *((f"A{a}", "world") for a in range(AREAS))]
    regions += [(f"R{r}", f"A{r % AREAS}") for r in range(REGIONS)]
    channels = [("all", None), *((f"C{c}", "all") for c in range(CHANNELS))]
    cells = [
        (f"P{p}", f"R{r}", f"C{c}")
        for p in range(PRODUCTS)
        for r in range(REGIONS)
        for c in range(CHANNELS)
        if random.random() < SOLD
    ]
    return hierarchy(cells, [Tree.of(products), Tree.of(regions), Tree.of(channels)])


SOLD = 0.34
"""Of products x regions x channels: together about 18,000 nodes."""


def measure() -> list[Line]:
    """One line: wall milliseconds of a change until every node is in whole millionths."""
    tree = company()
    random = np.random.default_rng(SEED)
    variance = random.lognormal(2, 1, len(tree.nodes))
    base = random.lognormal(2, 1, (len(tree.nodes), WEEKS))
    full = []
    for _ in range(TURNS):
        began = time.perf_counter()
        reconciler: Reconciler = by_variance(tree, variance)
        state = reconciler.reconcile(base)
        state.millionths(tree)
        full.append(1000 * (time.perf_counter() - began))
    changed = []
    for node in random.integers(0, tree.series, CHANGES):
        forecast = state.base[node] * 1.2
        began = time.perf_counter()
        state = reconciler.change(state, int(node), forecast)
        whole = state.millionths(tree)
        changed.append(1000 * (time.perf_counter() - began))
    again = reconciler.reconcile(state.base).millionths(tree)
    assert abs(again[: tree.series] - whole[: tree.series]).max() <= 1
    return [
        Line(
            f"reconciliation, {len(tree.nodes):,} nodes, one series changed",
            statistics.median(changed), "ms", "factor and solve anew",
            statistics.median(full), 10.0, better="less", ratio_aim=False,
            note=f"{tree.series:,} series, {CHANGES} changes, slowest {max(changed):.1f} ms",
        )
    ]  # fmt: skip
