"""Three learners of who wins, and their mean: logistic regression, boosting and a forest.

Each is fitted on rows that are part of a win and part of a loss (win_censoring.py). scikit-learn
fits; what it found is kept as numbers.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_trees import Trees, joined, tree_of

Floats = npt.NDArray[np.float64]

SEED = 20111201
PENALTY, BENDS = 10.0, 7
"""Of the logistic regression: on standardised columns; a column with more values may bend."""
BOOSTED_TREES, BOOSTED_LEAVES, LEARNING_RATE, BOOSTED_CASES, BOOSTED_COLUMNS = 120, 6, 0.05, 40, 0.3
FOREST_TREES, FOREST_LEAVES, FOREST_CASES, FOREST_COLUMNS = 100, 64, 30, 0.3
LEAST = 1e-4
"""No forecast is surer than this."""
NO_CHANGE = 1e-12


def log_odds(probability: Floats) -> Floats:
    """Of probabilities, none surer than LEAST."""
    kept = np.clip(probability, LEAST, 1 - LEAST)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def sigmoid(log_odds: Floats) -> Floats:
    """The probability of log-odds."""
    probability: Floats = 1 / (1 + np.exp(-log_odds))
    return probability


@dataclass(frozen=True, slots=True)
class Straight:
    """A logistic regression on columns and on their bends: what a column exceeds a knot by."""

    bent: npt.NDArray[np.intp]
    """The column of each bend."""
    knots: Floats
    lowest: Floats
    highest: Floats
    """Of each column where it was fitted: it says no more beyond."""
    means: Floats
    """Of columns, then of bends."""
    slopes: Floats
    """Log-odds a unit, likewise."""
    intercept: float
    """Log-odds at the means."""

    def _terms(self, rows: Floats) -> Floats:
        kept = np.clip(rows, self.lowest, self.highest)
        terms: Floats = (bend(kept, self.bent, self.knots) - self.means) * self.slopes
        return terms

    def predict(self, rows: Floats) -> Floats:
        """Log-odds, shape (rows,)."""
        odds: Floats = self.intercept + self._terms(rows).sum(axis=1)
        return odds

    def contributions(self, row: Floats) -> Floats:
        """By column, its bends with it: how far it moves this row from the means."""
        terms = self._terms(row[None])[0]
        moved: Floats = terms[: len(row)].copy()
        np.add.at(moved, self.bent, terms[len(row) :])
        return moved


def bend(rows: Floats, bent: npt.NDArray[np.intp], knots: Floats) -> Floats:
    """Columns, and beside them their bends."""
    return np.concatenate([rows, np.maximum(rows[:, bent] - knots, 0.0)], axis=1)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Three fitted learners; their mean is taken of log-odds."""

    straight: Straight
    boosted: Trees
    """They add up to log-odds."""
    forest: Trees
    """They add up to a probability."""

    def predict(self, rows: Floats) -> Floats:
        """Log-odds of winning, shape (rows,)."""
        straight, boosted = self.straight.predict(rows), self.boosted.predict(rows)
        mean: Floats = (straight + boosted + log_odds(self.forest.predict(rows))) / 3
        return mean

    def contributions(self, row: Floats) -> tuple[float, Floats]:
        """What the learners expect of no row in particular, and how far each column moves this one.

        In log-odds; both together are the prediction. The forest has its contributions in
        probability: they are told in log-odds by the slope of the chord.
        """
        expected, moved = self.forest.expectation(), self.forest.contributions(row)
        total = float(moved.sum())
        first, last = log_odds(np.array([expected, expected + total])).tolist()
        if abs(total) > NO_CHANGE:
            moved = moved * ((last - first) / total)
        starts, moves = [first], [moved]
        for start, moved in (
            (self.straight.intercept, self.straight.contributions(row)),
            (self.boosted.expectation(), self.boosted.contributions(row)),
        ):
            starts.append(start)
            moves.append(moved)
        moved_in_all: Floats = np.mean(moves, axis=0)
        return sum(starts) / len(starts), moved_in_all

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "bent": self.straight.bent.tolist(),
            "knots": self.straight.knots.tolist(),
            "lowest": self.straight.lowest.tolist(),
            "highest": self.straight.highest.tolist(),
            "means": self.straight.means.tolist(),
            "slopes": self.straight.slopes.tolist(),
            "intercept": self.straight.intercept,
            "boosted": self.boosted.written(),
            "forest": self.forest.written(),
        }

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """From JSON."""
        names = ("knots", "lowest", "highest", "means", "slopes")
        knots, lowest, highest, means, slopes = (np.array(written[name], float) for name in names)
        bent = np.array(written["bent"], dtype=np.intp)
        straight = Straight(bent, knots, lowest, highest, means, slopes, written["intercept"])
        return cls(straight, Trees.read(written["boosted"]), Trees.read(written["forest"]))


def fit(rows: Floats, won: Floats, lost: Floats) -> Ensemble:
    """Fit the three.

    Args:
        rows: shape (rows, columns), with values that float32 holds exactly.
        won: how much of a win each row is, in [0, 1], shape (rows,).
        lost: how much of a loss, likewise.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
    from threadpoolctl import threadpool_limits

    weights = won + lost
    counted = weights > 0
    rows, won, lost, weights = rows[counted], won[counted], lost[counted], weights[counted]
    # A row that is part of both stands there twice, once as each.
    as_won, as_lost = won > 0, lost > 0
    twice = np.concatenate([rows[as_won], rows[as_lost]])
    outcome = np.concatenate([np.ones(as_won.sum()), np.zeros(as_lost.sum())])
    part = np.concatenate([won[as_won], lost[as_lost]])

    boosting = HistGradientBoostingClassifier(
        max_iter=BOOSTED_TREES,
        max_leaf_nodes=BOOSTED_LEAVES,
        learning_rate=LEARNING_RATE,
        min_samples_leaf=BOOSTED_CASES,
        max_features=BOOSTED_COLUMNS,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=SEED,
    )
    forest = RandomForestRegressor(
        FOREST_TREES,
        max_leaf_nodes=FOREST_LEAVES,
        min_samples_leaf=FOREST_CASES,
        max_features=FOREST_COLUMNS,
        n_jobs=1,
        random_state=SEED,
    )
    # One thread a process: with a busy neighbour, two take thirty times as long.
    with threadpool_limits(limits=1):
        boosting.fit(twice, outcome, part)
        forest.fit(rows, won / weights, weights)
        straight = _straight(rows, weights, twice, outcome, part)
    return Ensemble(
        straight,
        _boosted(boosting).with_expectations(rows, weights),
        _forest(forest).with_expectations(rows, weights),
    )


def _straight(
    rows: Floats, weights: Floats, twice: Floats, outcome: Floats, part: Floats
) -> Straight:
    from sklearn.linear_model import LogisticRegression

    bent, knots = _knots(rows)
    columns = bend(rows, bent, knots)
    means = np.average(columns, axis=0, weights=weights)
    spread = np.sqrt(np.average((columns - means) ** 2, axis=0, weights=weights))
    scale = np.where(spread > 1e-9, spread, np.inf)
    fitted = LogisticRegression(C=1 / PENALTY, max_iter=1000)
    fitted.fit((bend(twice, bent, knots) - means) / scale, outcome, part)
    return Straight(
        bent,
        knots,
        rows.min(axis=0),
        rows.max(axis=0),
        means,
        fitted.coef_[0] / scale,
        float(fitted.intercept_[0]),
    )


def _knots(rows: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """Where columns may bend: at even shares of the rows."""
    bent: list[int] = []
    knots: list[float] = []
    for column in range(rows.shape[1]):
        if len(np.unique(rows[:, column])) > BENDS:
            places = np.unique(np.quantile(rows[:, column], np.linspace(0, 1, BENDS + 2)[1:-1]))
            bent += [column] * len(places)
            knots += places.tolist()
    return np.array(bent, dtype=np.intp), np.array(knots)


def _boosted(fitted: Any) -> Trees:
    # scikit-learn shows the trees of this class nowhere else; a test holds the arrays against it.
    nodes = [stage[0].nodes for stage in fitted._predictors]
    trees = [
        tree_of(
            n["feature_idx"], n["num_threshold"], n["left"], n["right"], n["value"], n["is_leaf"]
        )
        for n in nodes
    ]
    return joined(trees, float(fitted._baseline_prediction.item()))


def _forest(fitted: Any) -> Trees:
    trees = []
    for grown in fitted.estimators_:
        t = grown.tree_
        leaves = t.children_left < 0
        values = t.value[:, 0, 0] / len(fitted.estimators_)
        trees.append(
            tree_of(t.feature, t.threshold, t.children_left, t.children_right, values, leaves)
        )
    return joined(trees, 0.0)
