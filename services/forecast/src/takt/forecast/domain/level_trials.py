"""Sums forecast at past origins: intervals at each level, and whether reconciling pays.

    bottom-up            a sum is the sum of its series' forecasts
    reconciled           series moved to agree best with what sums say of themselves (MinT-shrink)
    variance, top-down   measured beside them, never published

Reconciling is a challenger: it is published while its errors were lower beyond chance
(`comparison`): those of four weeks' sums, as shares of what was wanted, every level weighing alike.
An origin knows the errors before it and nothing else.

Between two measurements the forecast of a series moves by whatever its model or its deals move it,
and so do all sums that hold it. That is the reconciled forecast of the change, with nothing to be
solved: what sums already, as such a change does, the projection leaves as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy, fast_path
from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.comparison import Decision, decide
from takt.forecast.domain.intervals import ORIGINS, SHORTEST, Bands, calibrate, scale
from takt.forecast.domain.joining import MILLION
from takt.forecast.domain.levels import Scope
from takt.forecast.domain.reconciliation import (
    Hierarchy,
    Reconciler,
    by_covariance,
    by_variance,
)
from takt.forecast.domain.two_speeds import STEP_WEEKS

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

BOTTOM_UP, RECONCILED = "bottom_up", "reconciled"
MEASURED = (BOTTOM_UP, RECONCILED, "variance", "top_down")
REFIT_WEEKS = 26
"""So often nodes are fitted anew while they are rolled; in between they observe."""
RESIDUALS = 52
"""The latest one-step errors, by which nodes are weighed; half of them are needed."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """Weekly quantities of every node, shape (nodes, weeks), before the week in progress."""

    tree: Hierarchy
    scopes: Sequence[Scope]
    quantities: Floats

    @classmethod
    def of(cls, tree: Hierarchy, scopes: Sequence[Scope], series: Floats) -> "Nodes":
        """All nodes from their series, shape (series, weeks)."""
        return cls(tree, scopes, sums(tree, series))


def sums(tree: Hierarchy, series: Floats) -> Floats:
    """All nodes from their series, exact in millionths, shape (series, weeks) -> (nodes, weeks)."""
    return tree.sums(np.rint(series * MILLION).astype(np.int64)) / MILLION


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured of a scope. `errors` by method; coverage of weeks not calibrated on."""

    nodes: int
    bands: Bands
    coverage80: float | None
    coverage95: float | None
    errors: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Tried:
    """What rolling all levels found.

    `scales` is the unit of each node's scores today; `shifts`, shape (series, horizon), by what
    series move to be reconciled; None for bottom-up. `decision` is None without a test.
    """

    method: str
    decision: Decision | None
    levels: Mapping[Scope, Level]
    scales: Floats
    shifts: Floats | None


def try_levels(
    nodes: Nodes,
    judged: Mapping[int, Floats | None],
    base: Floats,
    champion: str,
    chosen: str | None,
    allowed: Mapping[Scope, Floats],
) -> Tried:
    """Roll all nodes through the past, test the challenger, and measure intervals of every scope.

    Long for large companies: every node is fitted a few times.

    Args:
        nodes: what was wanted.
        judged: the origins of trials, by weeks before the end, with what the published model said
            of the series then, shape (series, horizon), NaN where it said nothing; None where that
            is the fast path.
        base: what series are expected to be from now on, before reconciling.
        champion: the method that is published.
        chosen: the method that a person has chosen, if any.
        allowed: shares of misses by scope, as they have adapted.
    """
    rolled = _roll(nodes, judged)
    losses = _losses(nodes, rolled)
    decision = None
    if losses is not None:
        challenger = BOTTOM_UP if champion == RECONCILED else RECONCILED
        places = MEASURED.index(champion), MEASURED.index(challenger)
        decision = decide(champion, challenger, *(losses[place] for place in places))
    method = chosen or (decision.champion if decision else BOTTOM_UP)
    if len(rolled.residuals) < RESIDUALS // 2:
        method = BOTTOM_UP
    shifts = None
    if method == RECONCILED:
        whole = np.concatenate([base, rolled.today[nodes.tree.series :]])
        weights = by_covariance(nodes.tree, np.stack(rolled.residuals[-RESIDUALS:], axis=1))
        shifts = np.maximum(weights.reconcile(whole).series, 0.0) - base
    levels = {}
    for row, (scope, inside) in enumerate(_places(nodes).items()):
        sums_inside = inside[inside >= nodes.tree.series] - nodes.tree.series
        own = rolled.scores[method][sums_inside].astype(np.float64)
        errors: dict[str, float] = {}
        if losses is not None:
            errors = {m: float(losses[i, row].mean()) for i, m in enumerate(MEASURED)}
        levels[scope] = Level(
            len(inside),
            calibrate([own], HORIZON_WEEKS, allowed.get(scope)),
            *_covered(own),
            errors,
        )
    return Tried(method, decision, levels, rolled.scales, shifts)


def _places(nodes: Nodes) -> dict[Scope, npt.NDArray[np.int64]]:
    """The nodes of each scope."""
    found: dict[Scope, list[int]] = {}
    for place, scope in enumerate(nodes.scopes):
        found.setdefault(scope, []).append(place)
    return {scope: np.array(places) for scope, places in sorted(found.items())}


@dataclass(slots=True)
class _Rolled:
    """What rolling gathers: scores of sums by method, shape (sums, origins, horizon); trials."""

    scores: dict[str, Singles]
    trials: list[tuple[int, dict[str, Floats]]]
    residuals: list[Floats]
    today: Floats
    scales: Floats


def _roll(nodes: Nodes, judged: Mapping[int, Floats | None]) -> _Rolled:
    tree, y = nodes.tree, nodes.quantities
    count, weeks = y.shape
    first = max(weeks - ORIGINS - RESIDUALS, SHORTEST // 2) if weeks >= SHORTEST else weeks
    scored = max(first, weeks - ORIGINS)
    shape = (count - tree.series, weeks - scored, HORIZON_WEEKS)
    scores = {m: np.full(shape, np.nan, np.float32) for m in (BOTTOM_UP, RECONCILED)}
    found = _Rolled(scores, [], [], np.zeros((count, HORIZON_WEEKS)), np.zeros(count))
    weights = None
    phase = min(judged, default=0) % STEP_WEEKS  # trials are weighed by what was just known
    for week, ahead, unit in _forecasts(y, first):
        if week == weeks:
            found.today, found.scales = ahead, unit
            break
        enough = len(found.residuals) >= RESIDUALS // 2
        if week >= scored:
            back = weeks - week
            if enough and (weights is None or back % STEP_WEEKS == phase):
                weights = by_covariance(tree, np.stack(found.residuals[-RESIDUALS:], axis=1))
            said = {BOTTOM_UP: sums(tree, ahead[: tree.series])}
            said[RECONCILED] = said[BOTTOM_UP]
            if weights is not None:
                said[RECONCILED] = weights.reconcile(ahead).millionths(tree) / MILLION
            came = y[:, week : week + HORIZON_WEEKS]
            for method, forecast in said.items():
                error = (came - forecast[:, : came.shape[1]])[tree.series :]
                known = np.maximum(unit[tree.series :, None], 1e-6)
                scores[method][:, week - scored, : came.shape[1]] = error / known
            if weights is not None and back in judged and back >= STEP_WEEKS:
                found.trials.append(
                    (week, _trial(nodes, ahead, judged[back], weights, found.residuals))
                )
        found.residuals.append(y[:, week] - ahead[:, 0])
    return found


def _trial(
    nodes: Nodes,
    ahead: Floats,
    published: Floats | None,
    weights: Reconciler,
    residuals: Sequence[Floats],
) -> dict[str, Floats]:
    """What every method says of the next weeks' sums, shape (nodes,), from one origin."""
    tree = nodes.tree
    base = ahead
    if published is not None:
        series = np.where(np.isnan(published), ahead[: tree.series], published)
        base = np.concatenate([series, ahead[tree.series :]])
    seen = np.stack(residuals[-RESIDUALS:], axis=1)
    bottom_up = sums(tree, base[: tree.series])
    top = len(bottom_up) - 1  # what holds all others comes last
    ratio = np.divide(base[top], bottom_up[top], out=np.ones(HORIZON_WEEKS), where=base[top] > 0)
    said = {
        BOTTOM_UP: bottom_up,
        RECONCILED: weights.reconcile(base).millionths(tree) / MILLION,
        "variance": by_variance(tree, (seen**2).mean(axis=1)).reconcile(base).millionths(tree)
        / MILLION,
        "top_down": bottom_up * ratio,
    }
    return {method: forecast[:, :STEP_WEEKS].sum(axis=1) for method, forecast in said.items()}


def _losses(nodes: Nodes, rolled: _Rolled) -> Floats | None:
    """Errors of four weeks' sums over what was wanted on average, (methods, scopes, origins)."""
    if not rolled.trials:
        return None
    places = _places(nodes)
    came = np.stack(
        [nodes.quantities[:, week : week + STEP_WEEKS].sum(axis=1) for week, _ in rolled.trials]
    )
    found = np.full((len(MEASURED), len(places), len(rolled.trials)), np.nan)
    for row, inside in enumerate(places.values()):
        wanted = came[:, inside].sum(axis=1).mean()
        for method, name in enumerate(MEASURED):
            for trial, (_, said) in enumerate(rolled.trials):
                error = np.abs(said[name][inside] - came[trial, inside]).sum()
                found[method, row, trial] = accuracy.ratio(error, wanted)
    return found


def _covered(scores: Floats) -> tuple[float | None, float | None]:
    """Coverage of 80 % and 95 % intervals, each half of the origins being judged by the other."""
    half = scores.shape[1] // 2
    inside: list[tuple[npt.NDArray[np.bool_], ...]] = []
    for seen, judged in (np.split(scores, [half], 1), np.split(scores, [half], 1)[::-1]):
        low95, low80, high80, high95 = calibrate([seen], HORIZON_WEEKS).quantiles
        known = ~np.isnan(judged)
        inside.append(
            tuple(
                ((judged >= np.minimum(low, 0.0)) & (judged <= np.maximum(high, 0.0)))[known]
                for low, high in ((low80, high80), (low95, high95))
            )
        )
    within80, within95 = (np.concatenate(both) for both in zip(*inside, strict=True))
    if not len(within80):
        return None, None
    return float(within80.mean()), float(within95.mean())


def _forecasts(y: Floats, first: int) -> Iterator[tuple[int, Floats, Floats]]:
    """What each row says at the start of each week from `first` on, and the unit of its scores.

    Shapes (rows, horizon), (rows,); a row in which nothing was wanted yet says nothing, 0.
    """
    weeks = y.shape[1]
    begins = np.where(y.any(axis=1), (y > 0).argmax(axis=1), weeks)
    states, inside = None, np.zeros(0, dtype=np.int64)
    for week in range(first, weeks + 1):
        if states is not None:
            states = fast_path.append(states, y[inside, week - 1])
        again = week == first or (weeks - week) % REFIT_WEEKS == 0
        new = np.flatnonzero(begins < week if again else begins == week - 1)
        if len(new):
            fitted, order = _fit(y, begins, new, week)
            kept = states is not None and not again
            states = fast_path.concatenate([states, fitted]) if kept and states else fitted
            inside = np.concatenate([inside, order]) if kept else order
        ahead, unit = np.zeros((len(y), HORIZON_WEEKS)), np.zeros(len(y))
        if states is not None:
            ahead[inside] = fast_path.forecast(states, HORIZON_WEEKS)
            unit[inside] = scale(states)
        yield week, ahead, unit


def _fit(
    y: Floats, begins: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], week: int
) -> tuple[fast_path.States, npt.NDArray[np.int64]]:
    """States of some rows from their first week on, and the rows in the order of the states."""
    order = rows[np.argsort(begins[rows], kind="stable")]
    parts = []
    for begin in np.unique(begins[order]):
        alike = order[begins[order] == begin]
        parts.append(fast_path.fit(y[alike, begin:week]))
    return fast_path.concatenate(parts), order
