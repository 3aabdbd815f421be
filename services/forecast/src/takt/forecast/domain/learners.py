"""Global learners: one model for all series, direct for all horizons, on windows of a panel.

    networks  a few small networks (see network.py), different in what they see
    boosting  gradient boosting on absolute errors, by scikit-learn
    forest    a random forest, by scikit-learn

Every learner is fitted twice, on either half of the series, and both halves forecast together. So
each series has a forecast by models that never saw it (`unseen`), which intervals are made from.
Networks see some windows turned upside down: what all series did at once in the last years of
their histories, they must not take for a law.
Sources: Montero-Manso & Hyndman (2021) for global models; Semenoglou et al. (2023) for flipping.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import network
from takt.forecast.domain.panel import Panel, Unit, Windows, targets, windows

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

FLIPPED = 0.28
"""Share of windows that are turned upside down."""
FARTHEST = 16.0
"""Inputs are held within this many units."""
FARTHEST_TARGET = 40.0
NETWORK_WINDOWS = 60_000
FEWEST_ROWS, MOST_ROWS = 12_000, 45_000
ROWS_A_SERIES = 30
"""Rows that trees are fitted on: three times as many were no better on M3's training parts."""
HORIZONS_A_WINDOW = 3
DRAWN_FROM = 2
"""Times as many windows as are wanted, to draw from by weight."""
LONG_SEASON = 26
"""From here on trees see the last weeks and the season before, not every lag of a season."""


@dataclass(frozen=True, slots=True)
class View:
    """What a model sees: the window's length in periods, with or without the season, its unit."""

    length: int
    adjusted: bool
    unit: Unit


def network_views(season: int) -> tuple[View, ...]:
    """Short to long, with and without season, both units: what differs, averages well."""
    if season == 1:
        short, middle, long = 4, 6, 8
    else:
        short, middle, long = season + 3, season + min(season, 12), season + min(2 * season, 24)
    return (
        View(middle, True, "percent"),
        View(middle, True, "own change"),
        View(long, False, "own change"),
        View(short, False, "percent"),
    )


def boosting_views(season: int) -> tuple[View, ...]:
    """As they are in their own unit, and without season in per cent."""
    length = 6 if season == 1 else season + min(season, 12)
    return View(length, False, "own change"), View(length, True, "percent")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Models of one view with the half of the series that each was fitted on."""

    view: View
    half: int
    predict: Callable[[Panel, Windows, Integers, Integers, int], Floats]

    def forecast(self, panel: Panel, horizon: int) -> Floats:
        """Logarithms with season, shape (series, horizon)."""
        rows, origins = panel.ends()
        cut = windows(
            panel, rows, origins, self.view.length, adjusted=self.view.adjusted, unit=self.view.unit
        )
        ahead = cut.base[:, None] + cut.unit[:, None] * self.predict(
            panel, cut, rows, origins, horizon
        )
        if self.view.adjusted:
            ahead = ahead + panel.season_ahead(rows, origins, np.arange(1, horizon + 1))
        return ahead


def halves(series: int, seed: int) -> Booleans:
    """Which half a series is in, shape (series,)."""
    half = np.zeros(series, dtype=bool)
    half[np.random.default_rng(seed).permutation(series)[: series // 2]] = True
    return half


def all_series(fitted: Sequence[Fitted], panel: Panel, horizon: int) -> Floats:
    """The mean of all models, in logarithms."""
    mean: Floats = np.mean([model.forecast(panel, horizon) for model in fitted], axis=0)
    return mean


def unseen(fitted: Sequence[Fitted], panel: Panel, half: Booleans, horizon: int) -> Floats:
    """The mean of those models that were fitted on the other half."""
    by_half = [
        np.mean([m.forecast(panel, horizon) for m in fitted if m.half == number], axis=0)
        for number in (0, 1)
    ]
    found: Floats = np.where(half[:, None], by_half[0], by_half[1])
    return found


def networks(panel: Panel, half: Booleans, horizon: int) -> list[Fitted]:
    """Fit the networks: each view on each half."""
    found = []
    for number, view in enumerate(network_views(panel.seasonal.shape[1])):
        for side in (0, 1):
            seed = 2 * number + side
            found.append(Fitted(view, side, _network(panel, half == side, horizon, view, seed)))
    return found


def _network(
    panel: Panel, among: Booleans, horizon: int, view: View, seed: int
) -> Callable[[Panel, Windows, Integers, Integers, int], Floats]:
    random = np.random.default_rng(seed)
    rows, origins = panel.origins(_least_history(panel, view), NETWORK_WINDOWS, random, among)
    cut = windows(panel, rows, origins, view.length, adjusted=view.adjusted, unit=view.unit)
    after, known = targets(panel, rows, origins, cut, horizon, adjusted=view.adjusted)
    inputs = _network_inputs(cut)
    after = np.clip(after, -FARTHEST_TARGET, FARTHEST_TARGET)
    flipped = random.random(len(rows)) < FLIPPED
    inputs[flipped, : view.length] *= -1
    after[flipped] *= -1
    weights = known * _weights(cut, view)[:, None]
    model = network.train(
        inputs,
        after.astype(np.float32),
        (weights / max(weights.mean(), 1e-12)).astype(np.float32),
        seed=seed,
        width=64,
        epochs=10,
        rate=2e-3,
    )
    return lambda panel, cut, rows, origins, horizon: model.predict(_network_inputs(cut)).astype(
        np.float64
    )


def _network_inputs(cut: Windows) -> npt.NDArray[np.float32]:
    about = cut.about * (0.5, 0.5, 1.0) + (1.5, 0.0, -4.0)
    inputs = np.concatenate([np.clip(cut.shape, -FARTHEST, FARTHEST), about], axis=1)
    return inputs.astype(np.float32)


def _weights(cut: Windows, view: View) -> Floats:
    """Half of what counts is the error in units, half the error in per cent."""
    if view.unit == "percent":
        return np.ones(len(cut.unit))
    percent = np.minimum(cut.unit, 0.5)
    weights: Floats = 0.5 + 0.5 * percent / percent.mean()
    return weights


def _least_history(panel: Panel, view: View) -> int:
    """Periods before an origin; short series have windows that are padded."""
    return max(2, min(view.length // 2, int(np.median(panel.lengths)) // 3))


def boosting(panel: Panel, half: Booleans, horizon: int) -> list[Fitted]:
    """Fit gradient boosting: each view on each half."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    def model(seed: int) -> Any:
        return HistGradientBoostingRegressor(
            loss="absolute_error",
            max_iter=60,
            max_leaf_nodes=31,
            min_samples_leaf=40,
            early_stopping=False,
            random_state=seed,
        )

    return _trees(panel, half, horizon, model, MOST_ROWS)


def forest(panel: Panel, half: Booleans, horizon: int) -> list[Fitted]:
    """Fit a random forest: each view on each half."""
    from sklearn.ensemble import RandomForestRegressor

    def model(seed: int) -> Any:
        return RandomForestRegressor(
            40, min_samples_leaf=20, max_features=0.4, max_samples=0.5, random_state=seed, n_jobs=1
        )

    return _trees(panel, half, horizon, model, MOST_ROWS // 2)


def _trees(
    panel: Panel, half: Booleans, horizon: int, model: Callable[[int], Any], most: int
) -> list[Fitted]:
    return [
        Fitted(view, side, _tree(panel, half == side, horizon, view, model(side), most))
        for view in boosting_views(panel.seasonal.shape[1])
        for side in (0, 1)
    ]


def _tree(
    panel: Panel, among: Booleans, horizon: int, view: View, model: Any, most: int
) -> Callable[[Panel, Windows, Integers, Integers, int], Floats]:
    random = np.random.default_rng(horizon)
    most = min(most, max(FEWEST_ROWS, ROWS_A_SERIES * len(panel)))
    wanted = most // HORIZONS_A_WINDOW
    rows, origins = panel.origins(_least_history(panel, view), DRAWN_FROM * wanted, random, among)
    cut = windows(panel, rows, origins, view.length, adjusted=view.adjusted, unit=view.unit)
    drawn = _as_they_count(_weights(cut, view), min(wanted, len(rows)), random)
    rows, origins = rows[drawn], origins[drawn]
    cut = windows(panel, rows, origins, view.length, adjusted=view.adjusted, unit=view.unit)
    after, known = targets(panel, rows, origins, cut, horizon, adjusted=view.adjusted)
    window, step = _some_horizons(known, random)
    goal = np.clip(after[window, step], -FARTHEST_TARGET, FARTHEST_TARGET)
    inputs = _tree_inputs(panel, cut, rows, origins, view, window, step)
    model.fit(inputs, goal)

    def predict(
        panel: Panel, cut: Windows, rows: Integers, origins: Integers, horizon: int
    ) -> Floats:
        window, step = np.divmod(np.arange(len(rows) * horizon), horizon)
        inputs = _tree_inputs(panel, cut, rows, origins, view, window, step)
        ahead: Floats = model.predict(inputs)
        return ahead.reshape(len(rows), horizon)

    return predict


def _as_they_count(weights: Floats, count: int, random: np.random.Generator) -> Integers:
    """Places drawn as often as they count, evenly: trees with weights take six times as long."""
    marks = (np.arange(count) + random.random()) / max(count, 1)
    places = np.searchsorted(np.cumsum(weights / weights.sum()), marks)
    return np.minimum(places, len(weights) - 1)


def _some_horizons(known: Booleans, random: np.random.Generator) -> tuple[Integers, Integers]:
    """A few known horizons of each window, shapes (rows,)."""
    draw = np.where(known, random.random(known.shape), 2.0)
    first = np.argsort(draw, axis=1)[:, :HORIZONS_A_WINDOW]
    window = np.repeat(np.arange(len(known)), first.shape[1])
    step = first.ravel()
    usable = known[window, step]
    return window[usable], step[usable]


def _tree_inputs(
    panel: Panel,
    cut: Windows,
    rows: Integers,
    origins: Integers,
    view: View,
    window: Integers,
    step: Integers,
) -> npt.NDArray[np.float32]:
    """One row for each pair of window and horizon."""
    season = panel.seasonal.shape[1]
    length = view.length
    times = np.arange(length) - (length - 1) / 2
    some = min(season if season > 1 else 3, length)
    lags = cut.shape[:, -min(length, some + 2 if some < LONG_SEASON else 8) : -1]
    columns = [
        lags,
        cut.shape.mean(axis=1),
        cut.shape[:, -some:].mean(axis=1),
        cut.shape[:, -3:].mean(axis=1),
        cut.shape @ times / (times @ times),
        cut.shape.std(axis=1),
        cut.about,
    ]
    inputs = [np.column_stack(columns)[window], step + 1.0]
    if not view.adjusted:
        position = np.maximum(origins[window] - season + step % season, 0)
        last_season = panel.raw[rows[window], position] - cut.base[window]
        inputs.append(last_season / cut.unit[window])
    return np.column_stack(inputs).astype(np.float32)
