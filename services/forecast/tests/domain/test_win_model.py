import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takt.forecast.domain.win_history import DealPath, Entry, Milestone, milestones_of
from takt.forecast.domain.win_learners import sigmoid
from takt.forecast.domain.win_model import OutcomeModel, fit
from takt.forecast.domain.win_validation import gain_in_errors

from .win_cases import OWNERS, STAGES, simulated

PATHS = simulated(2500, seed=7)
NOW = 150.0

# Its fixture is made once, on one worker.
pytestmark = pytest.mark.xdist_group("win model")


@pytest.fixture(scope="module")
def model():
    return fit(PATHS, NOW, ["amount"])


@pytest.fixture(scope="module")
def later():
    return milestones_of([path for path in PATHS if path.opened_at > NOW])


def test_what_amount_and_owner_say_is_learned_and_beats_the_stages_rate(model, later):
    assert model.validation.learned_weight > 0
    assert model.validation.learned < model.validation.stage
    won = np.array([float(m.path.outcome == "won") for m in later])
    learned = np.mean((model.within(later, 1e6) - won) ** 2)
    odds = [model.stages.get(m.entry.stage, model.base) for m in later]
    stage = np.mean((sigmoid(np.array(odds)) - won) ** 2)
    assert learned < 0.85 * stage


def test_corrupting_the_future_changes_nothing(model):
    corrupted = [
        replace(path, outcome="lost" if path.outcome == "won" else "won")
        if path.closed_at > NOW
        else path
        for path in PATHS
    ]
    corrupted = [
        replace(path, entries=tuple(entry for entry in path.entries if entry.at <= NOW))
        for path in corrupted
    ]
    assert fit(corrupted, NOW, ["amount"]).written() == model.written()


def test_without_signal_the_model_stays_at_the_rate_of_all():
    paths = simulated(1200, seed=8, signal=0.0, lost_days=15)
    paths = [
        DealPath(p.deal_id, p.opened_at, p.entries[:1], p.outcome, p.closed_at, p.attributes)
        for p in paths
    ]
    model = fit(paths, NOW, ["amount"])
    assert model.validation.learned_weight == 0.0
    assert model.ensemble is None
    odds = model.log_odds(milestones_of(paths))
    assert np.ptp(odds) < 0.05
    assert sigmoid(odds[:1])[0] == pytest.approx(0.5, abs=0.06)


def test_with_few_closed_deals_the_stages_rate_stays():
    few = [path for path in PATHS if path.opened_at < 12]
    model = fit(few, NOW, ["amount"])
    assert model.ensemble is None
    assert model.validation.stage_weight == 1.0
    none = fit([], NOW)
    assert sigmoid(np.array(none.base)) == pytest.approx(0.25)


def test_reasons_sum_to_the_log_odds_and_name_what_counts(model, later):
    for milestone in later[::25]:
        explained = model.explain(milestone)
        total = explained.start + sum(explained.contributions.values())
        assert total == pytest.approx(explained.log_odds, abs=1e-9)
        assert explained.log_odds == pytest.approx(model.log_odds([milestone])[0], abs=1e-9)
    found = [model.explain(milestone).contributions["amount"] for milestone in later]
    amounts = [milestone.path.attributes["amount"] for milestone in later]
    assert np.corrcoef(np.log(amounts), found)[0, 1] > 0.8
    assert model.explain(later[0]) == model.explain(later[0])


def test_closing_soon_raises_the_odds_where_wins_are_faster(model, later):
    soon = model.within(later[:20], later[0].entry.at + 10)
    assert (soon >= model.within(later[:20], 1e6)).all()
    assert (model.probability(later) <= sigmoid(model.log_odds(later))).all()


def test_a_model_written_and_read_scores_the_same(model, later):
    text = json.dumps(model.written())
    assert len(text) < 1_500_000
    again = OutcomeModel.read(json.loads(text))
    np.testing.assert_array_equal(again.log_odds(later), model.log_odds(later))


def test_one_row_is_scored_within_a_millisecond(model, later):
    model.log_odds(later[:1])
    taken = []
    for milestone in later[:60]:
        begun = time.process_time_ns()
        model.log_odds([milestone])
        taken.append(time.process_time_ns() - begun)
    assert np.median(taken) < 1_000_000


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*STAGES, "new"]), st.floats(0, 50), st.sampled_from([*OWNERS, ""])
        ),
        min_size=1,
        max_size=8,
    ),
    st.one_of(st.none(), st.floats(0, 1e12)),
)
def test_any_deal_has_a_probability_and_reasons_that_sum_to_it(model, entered, amount):
    moment, entries = 100.0, []
    for stage, days, owner in entered:
        moment += days
        entries.append(Entry(stage, moment, owner))
    attributes = {} if amount is None else {"amount": amount}
    path = DealPath("x", 100.0, tuple(entries), attributes=attributes)
    milestone = Milestone(path, len(entries) - 1)
    assert 0 < model.probability([milestone])[0] < 1
    explained = model.explain(milestone)
    total = explained.start + sum(explained.contributions.values())
    assert total == pytest.approx(explained.log_odds, abs=1e-9)


def test_a_gain_is_measured_over_deals_and_not_over_their_stages():
    gains = np.array([0.2, -0.1, 0.3, 0.1])
    alone = gain_in_errors(gains, np.arange(4))
    repeated = gain_in_errors(np.repeat(gains, 9), np.repeat(np.arange(4), 9))
    assert repeated == pytest.approx(alone)
    assert gain_in_errors(np.zeros(3), np.arange(3)) == 0.0
