"""Forecasts of many series with drivers: the mean of boosting and forest, and what it leans on.

    fit          panel, how many of its periods are known -> a model
    forecast     a model -> log demand of every period, each from `ahead` periods before
    evaluate     fitted on the first periods, scored on the others, with and without the drivers

Trees forecast the log of demand over its reference (`drivers.py`). Both minimise the absolute
error or split by the squared one on logs, so that the forecast is a median in units; `mean_factor`
makes it a mean (Duan's smearing, from out-of-bag forecasts).
Sources: Breiman (2001), permutation importance; Friedman (2001); Duan (1983).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.drivers import (
    LINEAR,
    Features,
    Panel,
    features,
    linear_effects,
)
from takt.forecast.domain.elasticities import Effects

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

WARM_UP = 8
"""First periods of the axis, in which no level is known yet."""
MOST_ROWS = 200_000
"""Rows that are fitted at most: a draw of them beyond."""
FEWEST_ROWS = 50
TREES, LEAF, SHARE, SAMPLE = 60, 5, 0.4, 0.5
ROUNDS, RATE, LEAVES, BOOSTED_LEAF, RIDGE = 200, 0.06, 31, 30, 5.0
SEED = 8
MISSING = -9.0
"""What the forest sees in place of a value that is not known."""
REPEATS = 3
RESAMPLES = 1_000
LARGEST_FACTOR = 2.0


class TooLittleKnown(ValueError):
    """There is too little to learn from, or nothing to score."""


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model; `members` are scikit-learn's."""

    effects: Mapping[int, Effects]
    columns: tuple[str, ...]
    boosting: Any
    forest: Any
    mean_factor: float
    """Mean over median demand, as out-of-bag forecasts were short of what came."""


def fit(panel: Panel, until: int, horizon: int = 1, seed: int = SEED) -> Model:
    """Fit on the first `until` periods, for one to `horizon` periods ahead.

    Raises: TooLittleKnown: fewer than 50 rows to learn from.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

    effects = linear_effects(panel, until)
    rows: list[Floats] = []
    targets: list[Floats] = []
    references: list[Floats] = []
    columns: tuple[str, ...] = ()
    for ahead in range(1, horizon + 1):
        seen = features(panel, effects, ahead)
        columns = tuple(seen.columns)
        left = panel.log_demand - seen.reference
        usable = np.isfinite(left)
        usable[:, until:] = False
        usable[:, : min(WARM_UP, until // 4)] = False
        rows.append(_rows(seen, columns, usable))
        targets.append(left[usable])
        references.append(seen.reference[usable])
    x, y = np.concatenate(rows), np.concatenate(targets)
    reference = np.concatenate(references)
    if len(y) < FEWEST_ROWS:
        raise TooLittleKnown(
            f"{len(y)} rows to learn from; at least {FEWEST_ROWS} are needed before the test part"
        )
    if len(y) > MOST_ROWS:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(y))[:MOST_ROWS])
        x, y, reference = x[drawn], y[drawn], reference[drawn]
    seen_ever = np.isfinite(x).any(axis=0)
    x, columns = x[:, seen_ever], tuple(np.array(columns)[seen_ever].tolist())
    boosting = HistGradientBoostingRegressor(
        loss="absolute_error",
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=min(BOOSTED_LEAF, max(len(y) // 20, 1)),
        l2_regularization=RIDGE,
        max_features=0.5,
        early_stopping=False,
        random_state=seed,
    ).fit(x, y)
    forest = RandomForestRegressor(
        TREES,
        min_samples_leaf=LEAF,
        max_features=SHARE,
        max_samples=SAMPLE,
        oob_score=True,
        random_state=seed,
    ).fit(np.nan_to_num(x, nan=MISSING), y)
    short = np.exp(reference + y).sum() / np.exp(reference + forest.oob_prediction_).sum()
    return Model(effects, columns, boosting, forest, float(np.clip(short, 1.0, LARGEST_FACTOR)))


def forecast(panel: Panel, model: Model, ahead: int, wanted: Booleans) -> Floats:
    """Log demand of the wanted periods, each seen from `ahead` periods before.

    Args:
        panel: with the drivers of every wanted period; its demand is used up to the origin only.
        model: fitted.
        ahead: periods.
        wanted: shape (series, periods).

    Returns: shape (series, periods), NaN elsewhere and where no level is known.
    """
    seen = features(panel, model.effects, ahead)
    usable = wanted & np.isfinite(seen.reference)
    found = np.full(panel.log_demand.shape, np.nan)
    if usable.any():
        left = _left(model, _rows(seen, model.columns, usable))
        found[usable] = seen.reference[usable] + left
    return found


def _rows(seen: Features, columns: Sequence[str], usable: Booleans) -> Floats:
    return np.stack([seen.columns[name][usable] for name in columns], axis=1)


def _left(model: Model, rows: Floats) -> Floats:
    """What is left of log demand over the reference: the mean of both."""
    boosted: Floats = model.boosting.predict(rows)
    grown: Floats = model.forest.predict(np.nan_to_num(rows, nan=MISSING))
    return (boosted + grown) / 2


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors over all rows that were scored, as shares of their demand."""

    wape: float
    bias: float


@dataclass(frozen=True, slots=True)
class Importance:
    """By how much WAPE rises when a driver's values are shuffled within each series."""

    driver: str
    rise: float
    spread: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """With and without drivers on the same rows of the last periods."""

    methods: Mapping[str, Accuracy]
    by_ahead: Mapping[str, Sequence[float | None]]
    """WAPE by periods ahead; None where no demand could be scored."""
    gain: tuple[float, float, float]
    """WAPE with drivers less WAPE without, with its interval: series resampled."""
    importances: Sequence[Importance]
    rows: int


NAIVE, WITHOUT, WITH, MEAN = (
    "seasonal_naive",
    "without_drivers",
    "with_drivers",
    "with_drivers_mean",
)


def evaluate(panel: Panel, until: int, horizon: int = 1, seed: int = SEED) -> Evaluation:
    """Fit on the first `until` periods, forecast the others from 1 to `horizon` periods before.

    Raises: TooLittleKnown: too few rows to learn from, or nothing to score.
    """
    actual = panel.demand
    bare = panel.without_drivers()
    models = {WITHOUT: (bare, fit(bare, until, horizon, seed))}
    if panel.drivers:
        models[WITH] = (panel, fit(panel, until, horizon, seed))
    wanted = np.isfinite(actual)
    wanted[:, :until] = False
    guesses: dict[str, list[Floats]] = {}
    for ahead in range(1, horizon + 1):
        guesses.setdefault(NAIVE, []).append(naive(panel, ahead))
        for name, (seen, model) in models.items():
            logs = forecast(seen, model, ahead, wanted)
            guesses.setdefault(name, []).append(panel.units(logs))
            if name == WITH:
                guesses.setdefault(MEAN, []).append(panel.units(logs + np.log(model.mean_factor)))
    scored = [
        wanted & np.logical_and.reduce([np.isfinite(of[place]) for of in guesses.values()])
        for place in range(horizon)
    ]
    if not any(part.any() for part in scored) or not sum(actual[part].sum() for part in scored):
        raise TooLittleKnown("nothing of the test part can be scored: no demand after known demand")
    importances = (
        [_importance(panel, models[WITH][1], name, scored[0], seed) for name in panel.drivers]
        if panel.drivers
        else []
    )
    return Evaluation(
        {name: _accuracy(actual, of, scored) for name, of in guesses.items()},
        {
            name: [
                _accuracy(actual, [guess], [part]).wape if actual[part].sum() else None
                for guess, part in zip(of, scored, strict=True)
            ]
            for name, of in guesses.items()
        },
        _gain(actual, guesses.get(WITH, guesses[WITHOUT]), guesses[WITHOUT], scored, seed),
        sorted(importances, key=lambda found: -found.rise),
        int(sum(part.sum() for part in scored)),
    )


def naive(panel: Panel, ahead: int) -> Floats:
    """Demand a season ago, or the last known where there is none; by periods of the panel."""
    demand = panel.demand
    back = -(-ahead // panel.season) * panel.season
    filled = demand.copy()
    for period in range(1, demand.shape[1]):
        missing = np.isnan(filled[:, period])
        filled[missing, period] = filled[missing, period - 1]
    guess = np.full(demand.shape, np.nan)
    guess[:, ahead:] = filled[:, :-ahead]
    if back < demand.shape[1]:
        seasonal = demand[:, :-back]
        guess[:, back:] = np.where(np.isnan(seasonal), guess[:, back:], seasonal)
    return guess


def _accuracy(actual: Floats, guesses: Sequence[Floats], scored: Sequence[Booleans]) -> Accuracy:
    error = np.concatenate(
        [g[part] - actual[part] for g, part in zip(guesses, scored, strict=True)]
    )
    total = max(sum(float(actual[part].sum()) for part in scored), 1e-300)
    return Accuracy(float(np.abs(error).sum() / total), float(error.sum() / total))


def _gain(
    actual: Floats,
    better: Sequence[Floats],
    plain: Sequence[Floats],
    scored: Sequence[Booleans],
    seed: int,
) -> tuple[float, float, float]:
    """The difference of two WAPEs, and its 95 % interval by a paired bootstrap over series."""
    difference, total = np.zeros(len(actual)), np.zeros(len(actual))
    for one, other, part in zip(better, plain, scored, strict=True):
        rise = np.abs(one - actual) - np.abs(other - actual)
        difference += np.where(part, rise, 0.0).sum(axis=1)
        total += np.where(part, actual, 0.0).sum(axis=1)
    draws = np.random.default_rng(seed).integers(len(actual), size=(RESAMPLES, len(actual)))
    drawn = difference[draws].sum(axis=1) / np.maximum(total[draws].sum(axis=1), 1e-300)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(difference.sum() / total.sum()), float(low), float(high)


def _importance(panel: Panel, model: Model, name: str, scored: Booleans, seed: int) -> Importance:
    """Shuffle a driver within each series, over the rows that are scored, one period ahead."""
    actual = panel.demand[scored]
    seen = features(panel, model.effects, 1)
    rows = _rows(seen, model.columns, scored)
    reference = seen.reference[scored]
    series = np.nonzero(scored)[0]
    offset = np.broadcast_to(panel.offset, scored.shape)[scored]
    mine = [place for place, column in enumerate(model.columns) if column in seen.of[name]]
    linear, part = model.columns.index(LINEAR), seen.parts[name][scored]
    random = np.random.default_rng(seed)

    def wape(logs: Floats) -> float:
        guess = np.maximum(np.exp(np.minimum(logs, 700.0)) - offset, 0.0)
        return float(np.abs(guess - actual).sum() / max(actual.sum(), 1e-300))

    before = wape(reference + _left(model, rows))
    rises = []
    for _ in range(REPEATS):
        shuffled = np.lexsort((random.random(len(series)), series))
        moved = rows.copy()
        moved[:, mine] = rows[shuffled][:, mine]
        shift = part[shuffled] - part
        moved[:, linear] += shift
        rises.append(wape(reference + shift + _left(model, moved)) - before)
    return Importance(name, float(np.mean(rises)), float(np.std(rises)))
