"""Champion and challenger: is one method's loss lower than another's, and not by chance?

The test is Diebold and Mariano's on the differences of the losses, corrected for few observations
as Harvey, Leybourne and Newbold do: with six origins the plain test is wrong more than twice as
often as it says.

Many series are tested at once. Of those called different a known share may be so by chance: the
false discovery rate, by Benjamini and Yekutieli, which holds however the series depend on each
other; those of one company rise and fall together. Holm's rule guards against a single false call
among thousands and would with a few origins never call anything.

Whether a challenger is published is decided for all series together. Choosing series by series
picks luck: the mean of methods beat the choice among them wherever it was measured.
Sources: Diebold & Mariano (1995); Harvey, Leybourne & Newbold (1997); Benjamini & Yekutieli (2001).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

ORIGINS_NEEDED = 4
"""Losses at fewer origins prove nothing, whatever they are."""
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Tested:
    """The test of each series, arrays of shape (series,).

    `statistic` is above zero where the challenger lost less; `p_better` and `p_worse` are
    one-sided. A series that is not known at enough origins has the statistic 0 and p-values of 1.
    """

    statistic: Floats
    p_better: Floats
    p_worse: Floats


def diebold_mariano(differences: Floats, horizon: int = 1) -> Tested:
    """Test each series' loss differences, the champion's less the challenger's.

    Args:
        differences: shape (series, origins) in the order of time; NaN where one is not known.
        horizon: origins that a forecast's window overlaps, itself included; 1 when none.

    Raises: ValueError: a horizon below 1.
    """
    from scipy.special import stdtr

    if horizon < 1:
        raise ValueError(f"the horizon is {horizon}; windows overlap themselves at least")
    statistic = np.zeros(len(differences))
    freedom = np.ones(len(differences))
    for place, row in enumerate(differences):
        known = row[~np.isnan(row)]
        if len(known) >= max(ORIGINS_NEEDED, horizon + 1):
            statistic[place] = _corrected(known, horizon)
            freedom[place] = len(known) - 1
    tested = statistic != 0
    p_worse = np.where(tested, stdtr(freedom, statistic), 1.0)
    p_better = np.where(tested, stdtr(freedom, -statistic), 1.0)
    return Tested(statistic, p_better, p_worse)


def _corrected(differences: Floats, horizon: int) -> float:
    n = len(differences)
    mean = float(differences.mean())
    centred = differences - mean
    variance = _long_run_variance(centred, horizon)
    if variance <= 1e-18 * float(np.square(differences).mean()):
        # The same difference each time: no chance is seen in it, and no chance can be judged.
        return 0.0 if mean == 0 else float(np.sign(mean)) * 1e6
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    return float(mean / np.sqrt(variance / n) * np.sqrt(max(correction, 1 / n)))


def _long_run_variance(centred: Floats, horizon: int) -> float:
    """Variance and twice the covariances of overlapping windows; never negative.

    With few origins the plain sum may be; then nearer covariances weigh more (Bartlett).
    """
    n = len(centred)
    covariances = [float(centred[lag:] @ centred[: n - lag]) / n for lag in range(horizon)]
    plain = covariances[0] + 2 * sum(covariances[1:])
    if plain > 0:
        return plain
    return covariances[0] + 2 * sum(
        (1 - lag / horizon) * covariance for lag, covariance in enumerate(covariances) if lag
    )


def benjamini_yekutieli(p_values: Floats, level: float = LEVEL) -> Booleans:
    """Which hypotheses are rejected: of those at most the share `level` is so by chance.

    Args: p_values: shape (tests,). level: the false discovery rate.
    """
    tests = len(p_values)
    if not tests:
        return np.zeros(0, dtype=bool)
    order = np.argsort(p_values)
    harmonic = float((1 / np.arange(1, tests + 1)).sum())
    limits = np.arange(1, tests + 1) * level / (tests * harmonic)
    below = np.flatnonzero(p_values[order] <= limits)
    rejected = np.zeros(tests, dtype=bool)
    if below.size:
        rejected[order[: below[-1] + 1]] = True
    return rejected


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and every number that it rests on.

    `champion` is who is published from now on. `champion_loss` and `challenger_loss` are those of
    `before` and of the other, on the same series and origins.
    """

    outcome: Literal["promoted", "kept"]
    before: str
    champion: str
    challenger: str
    reason: str
    origins: int
    series: int
    champion_loss: float | None
    challenger_loss: float | None
    statistic: float
    p_value: float
    better: int
    """Series in which the challenger lost less, chance set apart."""
    worse: int


def decide(
    champion: str, challenger: str, champion_losses: Floats, challenger_losses: Floats
) -> Decision:
    """Promote the challenger when the mean over all series of its loss is lower, beyond chance.

    It must pass the test on the mean over the series, origin by origin, in which their common
    luck counts once; and it must not be worse for more series than it is better for.

    Args:
        champion: who is published.
        challenger: the other.
        champion_losses: each in the series' own unit, shape (series, origins), origins in the
            order of time with windows that do not overlap; NaN where one is not known.
        challenger_losses: likewise.
    """
    differences = champion_losses - challenger_losses
    known = ~np.isnan(differences)
    origins = known.any(axis=0)
    differences, known = differences[:, origins], known[:, origins]
    count = int(known.any(axis=1).sum())
    pooled = np.where(known, differences, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    whole = diebold_mariano(pooled[None])
    single = diebold_mariano(differences)
    better = int(benjamini_yekutieli(single.p_better).sum())
    worse = int(benjamini_yekutieli(single.p_worse).sum())
    p_value = float(whole.p_better[0])
    if len(pooled) < ORIGINS_NEEDED:
        promoted, reason = False, f"{len(pooled)} origins; {ORIGINS_NEEDED} are needed"
    elif p_value > LEVEL:
        promoted, reason = False, f"its gain may be chance: p = {p_value:.3f}, above {LEVEL}"
    elif worse > better:
        promoted, reason = False, f"worse for {worse} series, better for {better}"
    else:
        promoted, reason = True, f"its loss is lower beyond chance: p = {p_value:.4f}"
    return Decision(
        "promoted" if promoted else "kept",
        champion,
        challenger if promoted else champion,
        champion if promoted else challenger,
        reason,
        len(pooled),
        count,
        _mean(champion_losses, challenger_losses),
        _mean(challenger_losses, champion_losses),
        float(whole.statistic[0]),
        p_value,
        better,
        worse,
    )


def _mean(losses: Floats, others: Floats) -> float | None:
    """The mean where both are known."""
    known = ~np.isnan(losses) & ~np.isnan(others)
    return float(losses[known].mean()) if known.any() else None
