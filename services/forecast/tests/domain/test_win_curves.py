import csv
import os
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.win_curves import Visit, estimate

AS_OF = date(2017, 12, 31)


def simulated(count: int, win_rate: float, seed: int, stage: str = "offer") -> list[Visit]:
    """Deals that win after 30 days and lose after 60 on average, watched for up to 120 days."""
    random = np.random.default_rng(seed)
    visits = []
    for _ in range(count):
        won = random.random() < win_rate
        close, watched = random.exponential(30 if won else 60), random.uniform(0, 120)
        outcome = "open" if close > watched else "won" if won else "lost"
        days = min(close, watched)
        visits.append(Visit("direct", stage, days, days, outcome))
    return visits


def test_open_deals_count_so_that_fast_wins_are_not_over_represented():
    visits = simulated(6000, 0.4, seed=1)
    closed = [v for v in visits if v.outcome != "open"]
    naive = sum(v.outcome == "won" for v in closed) / len(closed)
    curve = estimate(visits).curve("direct", "offer", 0)
    assert naive > 0.46
    assert curve.probability == pytest.approx(0.4, abs=0.035)


def test_the_counts_behind_a_probability_are_given():
    visits = [
        Visit("direct", "offer", 5, 5, "won"),
        Visit("direct", "offer", 9, 9, "lost"),
        Visit("direct", "offer", 20, 20, "open"),
    ]
    counts = estimate(visits).curve("direct", "offer", 8).counts
    assert (counts.entered, counts.won, counts.lost, counts.open) == (3, 1, 1, 1)
    assert counts.at_risk == 2


def test_a_small_stage_is_drawn_to_its_pipeline():
    visits = simulated(2000, 0.4, seed=2) + [Visit("direct", "rare", 3, 3, "won")] * 2
    assert estimate(visits).curve("direct", "rare", 0).probability < 0.6


def test_a_pipeline_without_any_case_has_the_prior():
    curve = estimate([]).curve("new", "first", 0)
    assert curve.probability == pytest.approx(0.25, abs=0.02)
    assert curve.counts.entered == 0
    assert not curve.stalled


def test_beyond_the_oldest_age_that_closed_it_decays_to_zero_and_is_stalled():
    model = estimate(simulated(3000, 0.4, seed=3))
    oldest = model.stages["direct", "offer"].oldest_closed_days
    ages = [oldest, oldest * 1.2, oldest * 1.5, oldest * 3]
    curves = [model.curve("direct", "offer", age) for age in ages]
    assert [c.stalled for c in curves] == [False, True, True, True]
    probabilities = [c.probability for c in curves]
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[-1] < 1e-5


@given(
    st.lists(
        st.tuples(st.floats(0, 300), st.floats(0, 300), st.sampled_from(["won", "lost", "open"])),
        max_size=40,
    ),
    st.floats(0, 1000),
)
def test_a_curve_rises_to_at_most_its_probability(cases, age):
    visits = [Visit("p", "s", min(a, b), max(a, b), outcome) for a, b, outcome in cases]
    curve = estimate(visits).curve("p", "s", age)
    assert 0 <= curve.probability <= 1
    assert (np.diff(curve.cumulative) >= -1e-12).all()
    assert curve.cumulative[-1] <= curve.probability + 1e-9


def test_the_hour_of_the_look_makes_no_deal_older_than_any_that_closed():
    visits = [Visit("p", "s", 138, 138, "won" if n % 2 else "lost") for n in range(40)]
    curves = estimate(visits).stages["p", "s"]
    assert not curves.at(138.9).stalled
    assert curves.at(139.0).stalled


@pytest.mark.skipif("TAKT_DATA" not in os.environ, reason="TAKT_DATA names no data folder")
def test_on_the_crm_data_an_engaged_deal_wins_52_percent_and_1291_are_stalled():
    def day(text: str) -> date:
        return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a date without a time

    visits = []
    path = Path(os.environ["TAKT_DATA"]) / "crm" / "sales_pipeline.csv"
    with path.open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if not row["engage_date"]:
                continue
            end = day(row["close_date"]) if row["close_date"] else AS_OF
            age = (end - day(row["engage_date"])).days
            outcome = {"Won": "won", "Lost": "lost"}.get(row["deal_stage"], "open")
            visits.append(Visit("crm", "engaging", age, age, outcome))
    model = estimate(visits)
    assert model.curve("crm", "engaging", 0).probability == pytest.approx(0.519, abs=0.0005)
    assert model.stages["crm", "engaging"].oldest_closed_days == 138
    still_open = [v for v in visits if v.outcome == "open"]
    assert len(still_open) == 1589
    stalled = [v for v in still_open if model.curve("crm", "engaging", v.days_in_stage).stalled]
    assert len(stalled) == 1291
