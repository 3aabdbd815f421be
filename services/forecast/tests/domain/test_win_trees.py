import json

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor

from takt.forecast.domain import win_learners
from takt.forecast.domain.win_learners import Ensemble
from takt.forecast.domain.win_trees import Trees


@pytest.fixture(scope="module")
def cases():
    random = np.random.default_rng(6)
    rows = random.normal(size=(800, 5)).astype(np.float32).astype(np.float64)
    chance = 1 / (1 + np.exp(-(2 * rows[:, 0] - rows[:, 1] * (rows[:, 2] > 0))))
    won = np.where(random.random(800) < 0.2, chance * 0.8, random.random(800) < chance)
    return rows, won.astype(float), np.where(won % 1 > 0, 0.8 - won, 1 - won)


def test_the_arrays_say_what_scikit_learn_says(cases):
    rows, won, _ = cases
    boosted = HistGradientBoostingClassifier(max_iter=40, random_state=1).fit(rows, won > 0.5)
    forest = RandomForestRegressor(20, max_leaf_nodes=30, random_state=1).fit(rows, won)
    arrays = win_learners._boosted(boosted)
    np.testing.assert_allclose(arrays.predict(rows), boosted.decision_function(rows), atol=1e-9)
    arrays = win_learners._forest(forest)
    np.testing.assert_allclose(arrays.predict(rows), forest.predict(rows), atol=1e-9)


def test_contributions_and_expectation_sum_to_the_prediction(cases):
    rows, won, lost = cases
    fitted = win_learners.fit(rows, won, lost)
    for row in rows[:50]:
        start, moved = fitted.contributions(row)
        assert start + moved.sum() == pytest.approx(fitted.predict(row[None])[0], abs=1e-12)
    assert fitted.forest.expectation() == pytest.approx(
        np.average(fitted.forest.predict(rows), weights=won + lost), abs=1e-4
    )


def test_a_model_written_as_json_is_small_and_predicts_the_same(cases):
    rows, won, lost = cases
    fitted = win_learners.fit(rows, won, lost)
    text = json.dumps(fitted.written())
    assert len(text) < 1_000_000
    again = Ensemble.read(json.loads(text))
    np.testing.assert_array_equal(again.predict(rows), fitted.predict(rows))


def test_the_same_cases_give_the_same_model(cases):
    rows, won, lost = cases
    first, second = (win_learners.fit(rows, won, lost).written() for _ in range(2))
    assert first == second


def test_a_tree_of_one_leaf_predicts_it():
    alone = Trees.read(
        {
            "roots": [0],
            "columns": [-1],
            "thresholds": [0.0],
            "left": [0],
            "right": [0],
            "values": [0.3],
            "start": 0.1,
        }
    )
    assert alone.predict(np.zeros((2, 3))).tolist() == [0.4, 0.4]
    assert alone.contributions(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
