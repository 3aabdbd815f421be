"""The combination that Takt publishes: means of three families of methods, with intervals.

    statistical  Holt-Winters, trend, theta, autoregression, airline: series by series, though
                 computed for many at once; the mean without the lowest and the highest
    networks     global, see learners.py
    boosting     global

The global families count three tenths each. Where few series or periods give them little to learn
from, their share fades to nothing. The recipe was chosen on rolling origins inside M3's training
parts and on other series: docs/decisions/0401-the-combination.md.

Intervals are conformal: errors at past origins, of models that had not seen them, over the scale
that error_scale.py expects; their quantiles per horizon times a series' own scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import (
    airline,
    autoregression,
    error_scale,
    fast_path,
    intervals,
    learners,
    seasonality,
    smoothing,
)
from takt.forecast.domain.panel import Panel, batches, lift, recent

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

STATISTICAL = ("holt-winters", "trend", "theta", "autoregression", "airline")
GLOBAL = ("networks", "boosting")
LEVELS = (80, 95)

GLOBAL_SHARE = 0.6
FEWEST_SERIES, ENOUGH_SERIES = 15, 60
"""Below the first the global families are left out; from the second on they count in full."""
ENOUGH_TARGETS = 2000
"""Targets of a horizon from which on the global families count in full there."""
SCORED_SERIES = 120
"""Series times origins that intervals are made from, at least; more series take two origins."""
MOST_ORIGINS = 16
WIDENED = 1.08
"""Models that never saw a series yet saw others in the same years, and with them what all met.

Chosen on M3's training parts: without it 80 % intervals covered 76 %.
"""
LARGEST_GROWTH = 10.0
"""No forecast lies beyond this multiple of the largest value of a series."""


@dataclass(frozen=True, slots=True)
class Points:
    """Forecasts of many series, shape (series, horizon).

    `methods` names what was averaged; `global_share` is what the global families count, per
    horizon.
    """

    points: Floats
    methods: tuple[str, ...]
    global_share: Floats


@dataclass(frozen=True, slots=True)
class Combined(Points):
    """Points with intervals, by level in per cent."""

    lows: dict[int, Floats]
    highs: dict[int, Floats]


@dataclass(frozen=True, slots=True)
class _Local:
    """The statistical family's forecasts, shape (methods, series, horizon), and what it knows."""

    methods: Floats
    signs: error_scale.Signs

    @property
    def mean(self) -> Floats:
        """Without the lowest and the highest at each horizon, shape (series, horizon)."""
        trimmed: Floats = np.sort(self.methods, axis=0)[1:-1].mean(axis=0)
        return trimmed


@dataclass(frozen=True, slots=True)
class _Global:
    families: tuple[list[learners.Fitted], ...]
    half: Booleans
    share: Floats


@dataclass(frozen=True, slots=True)
class _Lifted:
    """Positive histories, and how their forecasts come down again; arrays of shape (series,)."""

    histories: list[Floats]
    lifts: Floats
    lowest: Floats
    highest: Floats

    @classmethod
    def of(cls, histories: Sequence[Floats], season: int) -> Self:
        lifts = np.array([lift(recent(history, season)) for history in histories])
        positive = [recent(h, season) + up for h, up in zip(histories, lifts, strict=True)]
        lowest = np.array([0.0 if history.min() >= 0 else -np.inf for history in histories])
        highest = LARGEST_GROWTH * np.array([history.max() for history in positive])
        return cls(positive, lifts, lowest, highest)

    def lowered(self, ahead: Floats) -> Floats:
        """In the histories' own units; never negative where they never were."""
        down: Floats = np.maximum(ahead - self.lifts[:, None], self.lowest[:, None])
        return down


@dataclass(frozen=True, slots=True)
class _Made:
    """Forecasts of lifted histories, and what intervals are made from; shapes (series, horizon)."""

    lifted: _Lifted
    trained: _Global | None
    signs: error_scale.Signs
    ahead: Floats
    spread: Floats


def _made(histories: Sequence[Floats], season: int, horizon: int) -> _Made:
    lifted = _Lifted.of(histories, season)
    trained = _train(lifted.histories, season, horizon)
    local = _statistical(lifted.histories, lifted.lifts, season, horizon)
    ahead, spread = _combine(local, trained, lifted.histories, season, unseen=False)
    ahead = np.minimum(ahead, lifted.highest[:, None])
    return _Made(lifted, trained, local.signs, ahead, spread)


def points(histories: Sequence[Floats], season: int, horizon: int) -> Points:
    """Forecast every series `horizon` periods ahead, without intervals: half of the work.

    Args:
        histories: one array a series, of any lengths from 1 on, finite.
        season: periods in a season, 1 for none.
        horizon: periods ahead.

    Raises: ValueError: an empty history, a value that is not finite, no horizon or season.
    """
    _refuse(histories, season, horizon)
    if not histories:
        return Points(np.empty((0, horizon)), STATISTICAL, np.zeros(horizon))
    made = _made(histories, season, horizon)
    return Points(made.lifted.lowered(made.ahead), *_of(made.trained, season, horizon))


def forecast(histories: Sequence[Floats], season: int, horizon: int) -> Combined:
    """Forecast every series with intervals; everything else as for `points`."""
    _refuse(histories, season, horizon)
    if not histories:
        none = np.empty((0, horizon))
        empty = dict.fromkeys(LEVELS, none)
        return Combined(none, STATISTICAL, np.zeros(horizon), empty, empty)
    made = _made(histories, season, horizon)
    lifted, trained, ahead, signs = made.lifted, made.trained, made.ahead, made.signs
    bands, exponents = _calibrate(lifted, trained, season, horizon)
    scale = error_scale.relative_scale(error_scale.features(signs, made.spread), exponents)
    scale = scale * signs.unit[:, None] * (WIDENED if trained else 1.0)
    edges = [
        ahead + np.sign(z) * np.maximum(np.sign(z) * bands.quantiles[k] * scale, 0.0)
        for k, z in enumerate(intervals.NORMAL_QUANTILES)
    ]
    ahead, *edges = (lifted.lowered(x) for x in (ahead, *edges))
    return Combined(
        ahead,
        *_of(trained, season, horizon),
        {95: np.minimum(edges[0], edges[1]), 80: edges[1]},
        {80: edges[2], 95: np.maximum(edges[2], edges[3])},
    )


def _refuse(histories: Sequence[Floats], season: int, horizon: int) -> None:
    if horizon < 1 or season < 1:
        raise ValueError("season and horizon are whole numbers from 1 on")
    if any(h.ndim != 1 or not len(h) or not np.isfinite(h).all() for h in histories):
        raise ValueError("a history is empty or has a value that is missing or not finite")


def _of(trained: _Global | None, season: int, horizon: int) -> tuple[tuple[str, ...], Floats]:
    """What was averaged, and what the global families count."""
    if trained is None:
        return _names(season), np.zeros(horizon)
    return _names(season) + GLOBAL, trained.share


def _train(positive: Sequence[Floats], season: int, horizon: int) -> _Global | None:
    """Fit the global families, where there is something to learn."""
    many = (len(positive) - FEWEST_SERIES) / (ENOUGH_SERIES - FEWEST_SERIES)
    lengths = np.array([len(history) for history in positive])
    ahead = np.arange(1, horizon + 1)
    known = np.maximum(lengths[:, None] - 2 - ahead, 0).sum(axis=0)
    share = min(1.0, many) * np.minimum(1.0, known / ENOUGH_TARGETS) * GLOBAL_SHARE
    if many <= 0 or not share.any():
        return None
    panel = Panel.of(positive, season)
    half = learners.halves(len(positive), seed=0)
    families = tuple(fit(panel, half, horizon) for fit in (learners.networks, learners.boosting))
    return _Global(families, half, share)


def _combine(
    local: _Local,
    trained: _Global | None,
    positive: Sequence[Floats],
    season: int,
    *,
    unseen: bool,
) -> tuple[Floats, Floats]:
    """The combination and the disagreement of its methods, both of shape (series, horizon)."""
    mean = local.mean
    members = list(local.methods)
    if trained:
        panel = Panel.of(positive, season)
        horizon = mean.shape[1]
        families = [
            learners.unseen(fitted, panel, trained.half, horizon)
            if unseen
            else learners.all_series(fitted, panel, horizon)
            for fitted in trained.families
        ]
        highest = np.array([history.max() for history in positive])[:, None] * LARGEST_GROWTH
        learned = [np.exp(np.minimum(logs, np.log(highest))) for logs in families]
        # A series that never moved is not told by others to move.
        moved = np.array([[history.max() > history.min()] for history in positive])
        share = trained.share * moved
        mean = (1 - share) * mean + share * np.mean(learned, axis=0)
        members = [local.mean, *learned, local.methods[0], local.methods[-1]]
    spread = np.abs(np.stack(members) - mean).mean(axis=0)
    return mean, spread


def _statistical(positive: Sequence[Floats], lifts: Floats, season: int, horizon: int) -> _Local:
    methods = np.empty((len(_names(season)), len(positive), horizon))
    known = np.empty((6, len(positive)))
    for rows, y in batches(positive):
        found, tells = _batch(y, lifts[rows], season, horizon)
        methods[:, rows] = found
        known[:, rows] = (
            tells.one_step,
            tells.seasonal_naive,
            tells.lately,
            tells.growth,
            tells.mean,
            tells.length,
        )
    return _Local(methods, error_scale.Signs(*known))


def _batch(y: Floats, lifts: Floats, season: int, horizon: int) -> tuple[Floats, error_scale.Signs]:
    """All statistical methods on positive series of one length."""
    periods = y.shape[1]
    before, after = np.arange(periods) % season, (periods + np.arange(horizon)) % season
    seasonal = seasonality.reliable(y, season)
    logs, terms = np.log(y), np.log(seasonal)
    adjusted, ahead = logs - terms[:, before], terms[:, after]
    centred = terms - terms.mean(axis=1, keepdims=True)
    in_logs = [
        smoothing.holt_winters(logs, centred, horizon),
        smoothing.trend(adjusted, horizon) + ahead,
        smoothing.theta(adjusted, horizon) + ahead,
        autoregression.autoregression(adjusted, horizon) + ahead,
    ]
    if season > 1:
        in_logs.append(airline.airline(logs, season, horizon))
    highest = np.log(LARGEST_GROWTH) + logs.max(axis=1)[:, None]
    methods = np.exp(np.minimum(in_logs, highest))
    one_step = fast_path.fit(y, season).one_step_error
    return methods, error_scale.signs(y, y / seasonal[:, before], one_step, lifts, season)


def _names(season: int) -> tuple[str, ...]:
    """The statistical methods; the airline model is one of seasons."""
    return STATISTICAL if season > 1 else STATISTICAL[:-1]


def _calibrate(
    lifted: _Lifted, trained: _Global | None, season: int, horizon: int
) -> tuple[intervals.Bands, Floats]:
    """Quantiles of the scores and exponents of the scale, from forecasts at past origins."""
    positive, lifts = lifted.histories, lifted.lifts
    lengths = np.array([len(history) for history in positive])
    count = int(np.clip(np.ceil(SCORED_SERIES / len(positive)), 2, MOST_ORIGINS))
    apart = horizon if count == 2 else max(1, horizon // 3)
    shapes, errors = [], []
    taken: set[tuple[int, int]] = set()
    for origin in range(count):
        back = horizon + origin * apart if count == 2 else 1 + origin * apart
        cuts = np.maximum(lengths - back, -(-lengths // 2))
        usable = np.flatnonzero((cuts >= 3) & (cuts < lengths)).tolist()
        rows = [row for row in usable if (row, int(cuts[row])) not in taken]
        taken |= {(row, int(cuts[row])) for row in rows}
        if not rows:
            continue
        cut = [positive[r][: cuts[r]] for r in rows]
        local = _statistical(cut, lifts[rows], season, horizon)
        part = trained and _Global(trained.families, trained.half[rows], trained.share)
        points, spread = _combine(local, part or None, cut, season, unseen=True)
        actual = np.full((len(rows), horizon), np.nan)
        for k, r in enumerate(rows):
            after = positive[r][cuts[r] : cuts[r] + horizon]
            actual[k, : len(after)] = after
        unit = np.maximum(local.signs.unit, 1e-12)[:, None]
        shapes.append(error_scale.features(local.signs, spread))
        errors.append((actual - points) / unit)
    if not shapes:
        return intervals.Bands.normal(horizon), error_scale.PRIOR
    shape, error = np.concatenate(shapes), np.concatenate(errors)
    known = np.isfinite(error)
    exponents = error_scale.fit(shape[known], np.abs(error[known]))
    scores = error / error_scale.relative_scale(shape, exponents)
    return intervals.calibrate([scores], horizon), exponents
