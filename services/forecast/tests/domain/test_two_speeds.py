from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.judging import Evidence, judge, losses
from takt.forecast.domain.two_speeds import (
    STEP_WEEKS,
    Outlook,
    adjusted,
    forecast_all,
    is_trial,
    past_trials,
)

MONDAY = date(2026, 11, 23)
weeks = st.integers(0, 400).map(lambda n: MONDAY + timedelta(weeks=n))
quantities = st.lists(st.floats(0, 1e6), min_size=HORIZON_WEEKS, max_size=HORIZON_WEEKS).map(
    np.array
)


def test_in_the_week_of_its_run_the_combination_is_what_is_published():
    fast, combination = np.full(HORIZON_WEEKS, 10.0), np.arange(HORIZON_WEEKS, dtype=float)
    outlook = Outlook(MONDAY, fast, combination)
    assert np.array_equal(adjusted(fast, outlook, MONDAY), combination)
    assert np.array_equal(adjusted(fast, None, MONDAY), fast)


def test_a_week_later_the_fast_path_has_moved_and_the_rest_has_stayed():
    fast = np.full(HORIZON_WEEKS, 10.0)
    outlook = Outlook(MONDAY, fast, fast + np.arange(HORIZON_WEEKS))
    moved = adjusted(fast + 2, outlook, MONDAY + timedelta(weeks=1))
    assert moved[:3].tolist() == [13, 14, 15]
    assert moved[-2:].tolist() == [37, 37]


@given(quantities, quantities, quantities, weeks)
def test_a_published_baseline_is_never_negative_and_moves_no_more_than_the_fast_path(
    fast, then, combination, week
):
    outlook = Outlook(MONDAY, then, combination)
    published = adjusted(fast, outlook, week)
    assert (published >= 0).all()
    nudged = adjusted(fast + 1, outlook, week)
    assert ((nudged - published >= 0) & (nudged - published <= 1 + 1e-6)).all()


@given(weeks, st.integers(1, 20))
def test_trials_lie_a_lead_time_apart_and_far_enough_back(week, count):
    origins = past_trials(week, count)
    assert len(origins) == count
    assert all(is_trial(origin) and origin.weekday() == 0 for origin in origins)
    assert origins[-1] <= week - timedelta(weeks=STEP_WEEKS)
    assert {(b - a).days for a, b in pairwise(origins)} <= {7 * STEP_WEEKS}


def test_every_method_forecasts_series_of_any_length():
    said = forecast_all([np.array([7.0]), np.arange(120.0), np.zeros(30), np.arange(120.0)])
    for ahead in (said.naive, said.fast, said.combination):
        assert ahead.shape == (4, HORIZON_WEEKS)
        assert np.isfinite(ahead).all()
        assert (ahead >= 0).all()
    assert np.allclose(said.combination[1], said.combination[3])
    assert said.unit[2] == 0
    assert np.isnan(said.rate[[0, 1, 3]]).all()
    assert said.rate[2] == 0
    assert (said.scale > 0).all()


def evidence(fast_error, combination_error, rate_error=None, origins=6):
    """Forty smooth series and twenty lumpy ones, which have a rate where its error is given."""
    random = np.random.default_rng(8)
    shape = (60, origins, HORIZON_WEEKS)
    actual = random.gamma(4, 10, shape)
    error = random.normal(size=shape)
    rate = np.full(shape, np.nan)
    if rate_error is not None:
        rate[40:] = (actual + rate_error * error)[40:]
    keys = [SeriesKey(f"P{n // 2}", "DE" if n % 2 else "FR") for n in range(60)]
    return Evidence(
        keys,
        ["smooth"] * 40 + ["lumpy"] * 20,
        ["pumps"] * 30 + [None] * 30,
        actual,
        {
            "naive": actual + 20 * error,
            "fast": actual + fast_error * error,
            "combination": actual + combination_error * error,
            "rate": rate,
        },
        np.full(shape[:2], 8.0),
        np.full(shape[:2], 5.0),
        np.ones(origins, dtype=bool),
    )


def test_methods_are_measured_by_lag_class_and_level_and_the_better_one_is_promoted():
    found = judge(evidence(10, 6), "fast")
    assert found.decision.outcome == "promoted"
    rows = {(g.grouping, g.label, g.method): g.measures for g in found.groups}
    assert len(rows) == 4 * (HORIZON_WEEKS + 2 + 5)
    for group in {(grouping, label) for grouping, label, _ in rows}:
        assert rows[*group, "combination"].wape < rows[*group, "fast"].wape
    whole = rows["level", "series", "combination"]
    assert whole.coverage80 == pytest.approx(0.8, abs=0.03)
    assert rows["level", "all", "fast"].wape < rows["level", "series", "fast"].wape
    assert rows["level", "all", "published"] == rows["level", "all", "combination"]
    assert len(found.series["naive"]) == 60
    assert set(found.bands) == {"fast", "combination"}


def test_who_is_published_and_no_longer_better_gives_way():
    found = judge(evidence(6, 10), "combination").decision
    assert (found.outcome, found.champion) == ("promoted", "fast")
    assert judge(evidence(10, 6), "combination").decision.outcome == "kept"


def test_rare_demand_is_published_by_its_rate_unless_a_speed_is_better_beyond_chance():
    found = judge(evidence(10, 6, rate_error=8), "fast")
    assert found.decision.series == 40
    assert found.classes["lumpy"].champion == "combination"
    assert found.classes["intermittent"].champion == "rate"
    better = judge(evidence(10, 6, rate_error=5), "fast")
    assert better.classes["lumpy"].champion == "rate"
    for judged, beside in ((found, "combination"), (better, "rate")):
        rows = {(g.label, g.method): g.measures for g in judged.groups if g.grouping == "class"}
        assert rows["lumpy", "published"].wape == rows["lumpy", beside].wape
        assert rows["smooth", "published"].wape == rows["smooth", "combination"].wape
        assert [(g.grouping, g.label) for g in judged.groups if g.method == "rate"] == [
            ("class", "lumpy")
        ]


def test_a_loss_is_known_when_all_weeks_of_a_lead_time_are():
    seen = evidence(10, 6)
    seen.actual[0, 0, STEP_WEEKS - 1 :] = np.nan
    found = losses(seen, "fast")
    assert np.isnan(found[0, 0])
    assert not np.isnan(found[0, 1:]).any()
