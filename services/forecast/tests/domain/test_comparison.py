import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from takt.forecast.domain.comparison import (
    ORIGINS_NEEDED,
    benjamini_yekutieli,
    decide,
    diebold_mariano,
)


def test_the_corrected_statistic_is_the_one_of_the_paper():
    differences = np.array([0.5, 1.0, -0.2, 0.8, 0.4, 0.9])
    n, mean = 6, 3.4 / 6
    variance = ((differences - mean) ** 2).mean()
    expected = mean / np.sqrt(variance / n) * np.sqrt((n + 1 - 2) / n)
    tested = diebold_mariano(differences[None])
    assert tested.statistic[0] == pytest.approx(expected)
    assert 0.005 < tested.p_better[0] < 0.02
    assert tested.p_better[0] + tested.p_worse[0] == pytest.approx(1)


def test_overlapping_windows_count_their_covariances():
    steady = np.repeat([1.0, -0.5, 0.8, -0.3, 0.9, -0.2], 2)
    alone, overlapping = diebold_mariano(steady[None], 1), diebold_mariano(steady[None], 2)
    assert 0 < overlapping.statistic[0] < alone.statistic[0]


def test_equal_methods_are_called_different_as_seldom_as_the_test_says():
    random = np.random.default_rng(1)
    tested = diebold_mariano(random.normal(size=(20_000, 6)))
    assert (tested.p_better <= 0.05).mean() == pytest.approx(0.05, abs=0.006)
    assert not benjamini_yekutieli(tested.p_better).any()


def test_of_those_called_different_few_are_so_by_chance():
    random = np.random.default_rng(2)
    gains = np.where(np.arange(2_000) < 400, 2.0, 0.0)
    common = random.normal(size=(1, 40))
    tested = diebold_mariano(random.normal(gains[:, None], 1, (2_000, 40)) + 0.3 * common)
    called = benjamini_yekutieli(tested.p_better)
    assert called[:400].mean() > 0.99
    assert called[400:].sum() / called.sum() < 0.05


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 9)),
        elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)),
    ),
    st.integers(1, 4),
)
def test_a_test_is_finite_symmetrical_and_between_zero_and_one(differences, horizon):
    tested, other = diebold_mariano(differences, horizon), diebold_mariano(-differences, horizon)
    assert np.isfinite(tested.statistic).all()
    for p_values in (tested.p_better, tested.p_worse):
        assert ((p_values >= 0) & (p_values <= 1)).all()
    assert np.allclose(tested.p_better, other.p_worse)
    few = (~np.isnan(differences)).sum(axis=1) < ORIGINS_NEEDED
    assert (tested.p_better[few] == 1).all()


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_a_smaller_p_value_is_never_passed_over(p_values, level):
    rejected = benjamini_yekutieli(np.array(p_values), level)
    for p_value, called in zip(p_values, rejected, strict=True):
        assert not called or p_value <= level
        assert called or not any(r and p > p_value for p, r in zip(p_values, rejected, strict=True))


def losses(gain, series=200, origins=6, noise=0.3):
    random = np.random.default_rng(3)
    champion = 1 + random.gamma(2, 0.5, (series, origins))
    return champion, champion * (1 - gain) + random.normal(0, noise, (series, origins))


def test_a_better_challenger_is_promoted_with_its_numbers():
    found = decide("fast", "combination", *losses(0.1))
    assert (found.outcome, found.champion, found.challenger) == ("promoted", "combination", "fast")
    assert found.before == "fast"
    assert found.challenger_loss == pytest.approx(found.champion_loss * 0.9, rel=0.05)
    assert (found.origins, found.series) == (6, 200)
    assert found.p_value <= 0.05
    assert "p = " in found.reason


def test_no_better_too_new_or_by_chance_better_challengers_stay_what_they_are():
    assert decide("fast", "combination", *losses(-0.1)).outcome == "kept"
    few = decide("fast", "combination", *losses(0.1, origins=3))
    assert (few.outcome, few.reason) == ("kept", "3 origins; 4 are needed")
    champion, challenger = losses(0.0, series=5, noise=1.0)
    assert decide("fast", "combination", champion, challenger).champion == "fast"
    nothing = np.full((3, 6), np.nan)
    assert decide("fast", "combination", nothing, nothing).champion_loss is None
    assert decide("fast", "combination", champion, champion).outcome == "kept"


def test_one_lucky_week_for_all_series_promotes_nobody():
    champion, challenger = losses(0.0, noise=0.01)
    champion[:, 2] += 5
    assert decide("fast", "combination", champion, challenger).outcome == "kept"


def test_a_challenger_that_is_worse_for_more_series_than_better_is_not_promoted():
    random = np.random.default_rng(4)
    champion = random.normal(5, 0.01, (100, 30))
    challenger = champion + random.normal(0.5, 0.05, (100, 30))
    challenger[:10] -= 40
    found = decide("fast", "combination", champion, challenger)
    assert (found.outcome, found.better, found.worse) == ("kept", 10, 90)
