import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.win_censoring import horizons_of, incidence, shares, stays_of
from takt.forecast.domain.win_history import DealPath, Entry, as_known, milestones_of

from .win_cases import simulated


def test_where_losing_takes_longer_open_deals_put_the_rate_right():
    paths = simulated(4000, seed=1, signal=0.0, lost_days=60)
    known = as_known(paths, 150.0)
    closed = [path for path in known if path.outcome != "open"]
    naive = np.mean([path.outcome == "won" for path in closed])
    milestones = [m for m in milestones_of(known) if m.entry.stage == "first"]
    won, lost = shares(milestones, stays_of(milestones_of(known), 150.0), 150.0)
    true = np.mean([path.outcome == "won" for path in paths])
    assert naive > true + 0.08
    assert won.sum() / (won.sum() + lost.sum()) == pytest.approx(true, abs=0.035)


def test_a_closed_deal_is_one_win_or_one_loss_and_an_open_one_less_than_one():
    known = as_known(simulated(600, seed=2), 120.0)
    milestones = milestones_of(known)
    won, lost = shares(milestones, stays_of(milestones, 120.0), 120.0)
    for (path, _), win, loss in zip(milestones, won, lost, strict=True):
        if path.outcome == "open":
            assert 0 <= win + loss <= 1 + 1e-9
        else:
            assert (win, loss) == ((1, 0) if path.outcome == "won" else (0, 1))


def test_closing_soon_speaks_for_a_win_where_wins_are_faster():
    known = as_known(simulated(2000, seed=3, signal=0.0), 190.0)
    horizons = horizons_of(stays_of(milestones_of(known), 190.0))
    shifts = [horizons.shift("first", days) for days in (5.0, 20.0, 60.0, 1000.0)]
    assert shifts[0] > shifts[1] > shifts[2] > -0.05
    assert shifts[3] == pytest.approx(0.0, abs=1e-6)
    assert horizons.shift("never seen", 5.0) == 0.0


def test_a_deal_that_stands_alone_at_its_age_says_nothing():
    lone = DealPath("a", 0.0, (Entry("first", 0.0, "ann"),))
    milestones = milestones_of([lone])
    won, lost = shares(milestones, stays_of(milestones, 50.0), 50.0)
    assert (won[0], lost[0]) == (0.0, 0.0)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.sampled_from([1.0, 0.0, -1.0])), max_size=60),
)
def test_incidences_rise_and_never_exceed_one_together(cases):
    watched = np.array([case[0] for case in cases])
    outcomes = np.array([case[1] for case in cases])
    curve = incidence(watched, outcomes)
    assert (np.diff(curve.won) >= 0).all()
    assert (np.diff(curve.lost) >= 0).all()
    won, lost = curve.ever()
    assert won + lost <= 1 + 1e-9
    if cases and (outcomes >= 0).all():
        assert won == pytest.approx(np.mean(outcomes == 1))
