from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from takt.common.contracts.deals import StageInterval
from takt.forecast.domain.pipeline import outlook, visits_of
from takt.forecast.domain.win_champion import (
    BETWEEN,
    Challenge,
    challenge,
    days_of,
    judged,
    milestone_of,
    path_of,
    reasons_of,
    visits_of_paths,
)
from takt.forecast.domain.win_curves import WinCurve, estimate
from takt.forecast.domain.win_learners import log_odds

from .conftest import NOW, deal

CLOSING = frozenset({("direct", "won"), ("direct", "lost")})


def deals(count=500, signal=True, seed=3):
    """Deals of 1 to 40 units that closed; large ones are won more often where there is a signal."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        units = int(random.integers(1, 40))
        chance = 1 / (1 + np.exp(-(units - 20) / 5)) if signal else 0.5
        found.append(
            deal(
                status="won" if random.random() < chance else "lost",
                quantity=str(units),
                age_days=float(random.uniform(1, 30)),
                closed_days_ago=float(random.uniform(0, 300)),
            )
        )
    return found


# Its fixture is made once, on one worker.
pytestmark = pytest.mark.xdist_group("win champion")


@pytest.fixture(scope="module")
def states():
    return deals() + [deal(quantity=str(n), age_days=float(n)) for n in range(1, 40)]


@pytest.fixture(scope="module")
def curves(states):
    return estimate([visit for state in states for visit in visits_of(state, CLOSING, NOW)])


@pytest.fixture(scope="module")
def tried(states):
    return challenge([path_of(state, CLOSING) for state in states], days_of(NOW))


def test_a_model_that_beats_the_curves_takes_their_place(tried):
    assert tried.model is not None
    assert tried.validation.rival_gain_errors > 1.645
    assert tried.validation.learned < tried.validation.rival
    assert tried.leaks == ()


def test_without_a_signal_the_curves_stay():
    found = challenge([path_of(state, CLOSING) for state in deals(signal=False)], days_of(NOW))
    assert found.model is None
    assert found.validation.milestones > 0


def test_with_few_closed_deals_the_curves_stay(states):
    found = challenge([path_of(state, CLOSING) for state in states[:150]], days_of(NOW))
    assert found.model is None
    assert found.validation.milestones == 0


def test_a_large_deal_is_surer_than_a_small_one_and_closed_ones_are_never_scored(curves, tried):
    small, large = (
        outlook(deal(quantity=units), curves, NOW, tried.model) for units in ["5", "35"]
    )
    by_curve = outlook(deal(quantity="5"), curves, NOW)
    assert small.probability < by_curve.probability < large.probability
    for view in (small, large):
        assert (np.diff(view.cumulative) >= 0).all()
        assert view.cumulative[-1] <= view.probability + 1e-12
    won = outlook(deal(status="won", quantity="5"), curves, NOW, tried.model)
    lost = outlook(deal(status="lost", quantity="35"), curves, NOW, tried.model)
    assert (won.probability, lost.probability) == (1.0, 0.0)


def test_a_deal_that_stays_in_its_stage_falls_with_the_curve_to_nothing(curves, tried):
    ages = [1, 29, 40, 60, 200]
    views = [outlook(deal(quantity="35", age_days=age), curves, NOW, tried.model) for age in ages]
    probabilities = [view.probability for view in views]
    assert probabilities[2:] == sorted(probabilities[2:], reverse=True)
    assert views[-1].stalled
    assert probabilities[-1] < 1e-3


def test_a_reopened_deal_is_scored_without_the_closing_stage_that_it_passed(tried):
    once = deal(quantity="30", age_days=40)
    first = once.history[0].model_copy(update={"left_at": NOW - timedelta(days=20)})
    back = StageInterval(stage="offer", entered_at=NOW - timedelta(days=10))
    closed = first.model_copy(
        update={"stage": "lost", "entered_at": first.left_at, "left_at": back.entered_at}
    )
    seen = {"stage_entered_at": back.entered_at}
    reopened = once.model_copy(update=seen | {"history": (first, closed, back)})
    path, place = milestone_of(reopened, tried.model)
    assert [entry.stage for entry in path.entries] == ["direct" + BETWEEN + "offer"] * 2
    assert (place, path.entries[1].at) == (1, days_of(back.entered_at))


@pytest.mark.parametrize("age", [0, 3, 20, 45])
@pytest.mark.parametrize("units", ["1", "20", "39"])
def test_reasons_of_a_deal_sum_to_its_log_odds_from_the_rate_of_all(curves, tried, age, units):
    state = deal(quantity=units, age_days=age)
    entered, curve = (curves.curve("direct", "offer", days) for days in (0.0, float(age)))
    found = reasons_of(state, entered, curve, tried.model)
    moved = judged(state, entered, curve, tried.model)
    assert found.probability == pytest.approx(moved.probability, abs=1e-12)
    total = log_odds(np.array(found.start)) + sum(found.contributions.values())
    assert total == pytest.approx(np.log(moved.probability / (1 - moved.probability)), abs=1e-9)
    assert abs(found.contributions["amount"]) > abs(found.contributions.get("owner", 0.0))


def test_where_nothing_is_won_any_more_the_curve_speaks(tried):
    nothing = WinCurve(np.zeros(201), 0.0)
    assert judged(deal(), nothing, nothing, tried.model) is nothing
    assert reasons_of(deal(), nothing, nothing, tried.model) is None


def test_what_is_kept_of_a_challenge_is_the_challenge(curves, tried):
    again = Challenge.read(tried.written())
    assert (again.validation, again.leaks) == (tried.validation, tried.leaks)
    views = [outlook(deal(quantity="7"), curves, NOW, each.model) for each in (tried, again)]
    assert views[0].probability == views[1].probability


def test_a_path_holds_the_open_stages_alone_and_the_curves_see_the_same_stays():
    reopened = deal(age_days=2)
    closed = [
        StageInterval(
            stage="offer",
            entered_at=NOW - timedelta(days=9),
            left_at=NOW - timedelta(days=5),
        ),
        StageInterval(
            stage="lost", entered_at=NOW - timedelta(days=5), left_at=NOW - timedelta(days=2)
        ),
    ]
    reopened = reopened.model_copy(update={"history": (*closed, *reopened.history)})
    path = path_of(reopened, CLOSING)
    assert [entry.stage for entry in path.entries] == ["direct" + BETWEEN + "offer"] * 2
    assert path.attributes["amount"] == float(Decimal(400))
    plain = deal(age_days=4)
    (visit,) = visits_of_paths([path_of(plain)], days_of(NOW))
    (same,) = visits_of(plain, CLOSING, NOW)
    assert visit[:2] == same[:2]
    assert visit.days_in_stage == pytest.approx(same.days_in_stage)
    bare = plain.model_copy(update={"history": (), "lines": ()})
    assert [entry.stage for entry in path_of(bare).entries] == ["direct" + BETWEEN + "offer"]
