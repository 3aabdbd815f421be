from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.common.contracts.deals import DealLine, DealState, StageInterval
from takt.forecast.domain.pipeline import (
    Delivery,
    lines_outlook,
    outlook,
    shift,
    visits_of,
    week_shares,
)
from takt.forecast.domain.series import move_to_week
from takt.forecast.domain.win_curves import CURVE_DAYS, WinCurve, estimate

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()
LINEAR = WinCurve(np.minimum(np.arange(CURVE_DAYS + 1) / 100, 1.0) * 0.6, 0.6)
MODEL = estimate([])


def deal(status="open", requested=None, expected=None, quantity="10", **changes) -> DealState:
    entered = NOW - timedelta(days=10)
    state = DealState(
        deal_id=uuid4(),
        name="Pumps",
        owner="ann",
        region="north",
        pipeline="direct",
        stage="offer" if status == "open" else status,
        status=status,
        opened_at=entered,
        stage_entered_at=entered,
        closed_at=None if status == "open" else NOW,
        expected_close=expected,
        payment_days=30,
        lines=(
            DealLine(
                line_id=UUID(int=1),
                product="pump",
                quantity=Decimal(quantity),
                price=Decimal(5),
                requested_date=requested,
            ),
        ),
        history=(StageInterval(stage="offer", entered_at=entered),),
    )
    return state.model_copy(update=changes)


def demand(state: DealState, deliveries=None, fulfilment_days=7):
    view = outlook(state, MODEL, NOW)
    (line,) = lines_outlook(state, view, deliveries or {}, fulfilment_days, NOW)
    return line


def weeks_asked(state: DealState, now: datetime) -> list[int]:
    (line,) = lines_outlook(state, outlook(state, MODEL, now), {}, 7, now)
    return np.flatnonzero(line.expected).tolist()


def asks_for_nothing(state: DealState, deliveries=None) -> bool:
    return lines_outlook(state, outlook(state, MODEL, NOW), deliveries or {}, 7, NOW) == []


def test_no_demand_before_the_requested_date_and_what_was_won_before_falls_on_it():
    shares = week_shares(LINEAR.cumulative, date(2027, 1, 6), 7, TODAY)
    assert shares[:6].sum() == 0
    assert shares[6] == pytest.approx(LINEAR.cumulative[46 - 7])
    assert shares[7] == pytest.approx(0.6 * 7 / 100)


def test_without_a_requested_date_demand_follows_the_win_by_the_fulfilment_time():
    shares = week_shares(LINEAR.cumulative, None, 14, TODAY)
    assert shares[:2].tolist() == [0, 0]
    assert shares[2] == pytest.approx(0.6 * 4 / 100)


def test_demand_in_the_horizon_is_at_most_probability_times_quantity():
    line = demand(deal())
    assert 0 < line.expected.sum() <= 10_000_000 * line.probability + 26


def test_the_sellers_date_moves_the_wins_half_way_and_keeps_the_probability():
    later = shift(LINEAR, TODAY + timedelta(days=90), TODAY)
    assert LINEAR.days_to_half() == 50
    assert np.flatnonzero(later >= 0.3)[0] == 70
    assert np.allclose(later[20:121], LINEAR.cumulative[:101])
    earlier = shift(LINEAR, TODAY + timedelta(days=10), TODAY)
    assert np.flatnonzero(earlier >= 0.3)[0] == 30
    assert earlier[0] == 0
    assert np.array_equal(shift(LINEAR, TODAY - timedelta(days=1), TODAY), LINEAR.cumulative)


def test_winning_does_not_remove_demand_it_makes_it_certain():
    line = demand(deal("won", requested=TODAY + timedelta(days=20)))
    assert line.probability == 1
    assert line.expected.tolist() == [0, 0, 0, 10_000_000] + [0] * 22
    assert line.variance.sum() == 0


def test_a_won_line_is_due_at_the_latest_of_requested_date_fulfilment_and_today():
    assert demand(deal("won"), fulfilment_days=7).expected[1] == 10_000_000
    overdue = deal("won", requested=TODAY - timedelta(days=60), closed_at=NOW - timedelta(days=70))
    assert demand(overdue).expected[0] == 10_000_000


def test_a_win_near_midnight_counts_from_the_companys_day():
    # Sunday evening in UTC is Monday morning in Shanghai: a week's fulfilment ends a week later.
    won = deal("won", closed_at=datetime(2026, 11, 22, 20, tzinfo=UTC))
    assert weeks_asked(won, NOW) == [0]
    assert weeks_asked(won, NOW.astimezone(ZoneInfo("Asia/Shanghai"))) == [1]


def test_shipment_takes_a_won_lines_demand():
    won = deal("won")
    part = {UUID(int=1): Delivery(Decimal(10), Decimal(4))}
    whole = {UUID(int=1): Delivery(Decimal(10), Decimal(10))}
    assert demand(won, part).expected.sum() == 6_000_000
    assert asks_for_nothing(won, whole)


def test_a_win_from_imported_history_was_delivered_long_ago():
    history = (StageInterval(stage="won", entered_at=NOW, imported=True),)
    assert asks_for_nothing(deal("won", history=history))


def test_a_lost_deal_asks_for_nothing():
    lost = deal("lost")
    view = outlook(lost, MODEL, NOW)
    assert view.probability == 0
    assert lines_outlook(lost, view, {}, 7, NOW) == []


@given(st.decimals("0.000001", 10**6, places=6), st.one_of(st.none(), st.integers(-100, 400)))
def test_shares_are_probabilities_and_variance_is_p_times_its_rest(quantity, days):
    requested = None if days is None else TODAY + timedelta(days=days)
    line = demand(deal(quantity=str(quantity), requested=requested))
    assert (line.expected >= 0).all()
    share = week_shares(outlook(deal(), MODEL, NOW).cumulative, requested, 7, TODAY)
    assert np.allclose(line.variance, share * (1 - share) * float(quantity) ** 2)


def test_stays_are_watched_until_the_deal_closed_and_closing_stages_are_no_stays():
    entered = NOW - timedelta(days=30)
    history = (
        StageInterval(stage="lead", entered_at=entered, left_at=entered + timedelta(days=10)),
        StageInterval(stage="offer", entered_at=entered + timedelta(days=10), left_at=NOW),
        StageInterval(stage="won", entered_at=NOW),
    )
    visits = visits_of(
        deal("won", history=history), frozenset({("direct", "won")}), NOW + timedelta(days=5)
    )
    assert [(v.stage, v.days_in_stage, v.days_watched) for v in visits] == [
        ("lead", 10, 30),
        ("offer", 20, 20),
    ]


def test_from_a_later_week_what_was_due_before_is_due_now():
    values = np.arange(26)
    moved = move_to_week(values, date(2026, 11, 9), date(2026, 11, 23))
    assert moved[:3].tolist() == [0 + 1 + 2, 3, 4]
    assert moved.sum() == values.sum()
