import pytest

from takt.forecast.domain.win_evaluation import evaluate
from takt.forecast.domain.win_history import as_known
from takt.forecast.domain.win_table import HistoryProblem

from .win_cases import simulated

PATHS = as_known(simulated(1600, seed=12), 230.0)

# Its fixture is made once, on one worker.
pytestmark = pytest.mark.xdist_group("win evaluation")


@pytest.fixture(scope="module")
def found():
    return evaluate(PATHS, 140.0, 200.0)


def test_it_beats_the_stages_rate_and_is_calibrated(found):
    assert found.forecast.brier < found.stage_rate.brier < found.base_rate.brier
    assert found.difference.high < 0
    assert found.forecast.ece <= found.calibrated.high
    assert found.slope.low < 1 < found.slope.high


def test_deals_not_closed_by_the_end_are_left_out_and_counted(found):
    later = [path for path in as_known(PATHS, 200.0) if path.opened_at > 140.0]
    assert found.deals == sum(path.outcome != "open" for path in later)
    assert found.unresolved_deals == sum(path.outcome == "open" for path in later)
    assert found.unresolved_deals > 0
    assert found.milestones == sum(each.milestones for each in found.bins)


def test_a_window_shorter_than_deals_take_leaves_it_calibrated():
    """Deals that closed within a short window are fast ones: the forecast is made for those."""
    found = evaluate(PATHS, 150.0, 170.0)
    assert found.forecast.ece <= found.calibrated.high
    assert found.ever.ece > found.forecast.ece + 0.02


def test_one_class_and_nothing_to_score_are_refused():
    won = [path for path in PATHS if path.outcome == "won"]
    with pytest.raises(HistoryProblem, match="all had been won"):
        evaluate(won, 140.0, 200.0)
    with pytest.raises(HistoryProblem, match="none had closed"):
        evaluate(PATHS, 0.5, 200.0)
    with pytest.raises(HistoryProblem, match="none of them has closed"):
        evaluate(PATHS, 229.9, 230.0)
