from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.consumption import Windows
from takt.supply_planning.domain.demand import (
    ForecastWeek,
    WeekLeft,
    still_forecast,
    wanted_at_sites,
)
from takt.supply_planning.domain.sourcing import WHOLE, SourcingRule

MONDAY = date(2026, 11, 23)
NEXT = MONDAY + timedelta(weeks=1)
WEEKS = [ForecastWeek(MONDAY, 8, 5), ForecastWeek(NEXT, 10, 4)]


def left(
    weeks: Sequence[ForecastWeek],
    shipped: int,
    ordered: Mapping[date, int],
    windows: Windows | None = None,
) -> list[tuple[date, int]]:
    found = still_forecast(weeks, shipped, ordered, windows or Windows())
    return [(one.week, one.quantity) for one in found.weeks]


def test_a_shipment_of_a_deal_leaves_the_pipeline_part_of_the_earliest_weeks() -> None:
    assert left(WEEKS, 4, {}) == [(MONDAY, 5), (NEXT, 9)]
    assert left(WEEKS, 99, {}) == [(MONDAY, 5), (NEXT, 4)]


def test_a_shipment_takes_what_is_won_before_what_is_open() -> None:
    weeks = [ForecastWeek(MONDAY, 8, 5, won=2)]
    assert still_forecast(weeks, 1, {}).weeks == (WeekLeft(MONDAY, 1, 6),)
    assert still_forecast(weeks, 3, {}).weeks == (WeekLeft(MONDAY, 0, 5),)


def test_a_direct_order_consumes_the_baseline_of_its_week() -> None:
    assert left(WEEKS, 0, {NEXT: 3}) == [(MONDAY, 8), (NEXT, 7)]
    assert left(WEEKS, 0, {NEXT: 99}) == [(MONDAY, 8), (NEXT, 6)]


def test_what_is_ordered_beyond_its_week_consumes_others_inside_the_windows_but_never_deals() -> (
    None
):
    assert left(WEEKS, 0, {NEXT: 7}, Windows(7, 0)) == [(MONDAY, 5), (NEXT, 6)]
    assert left(WEEKS, 0, {NEXT: 99}, Windows(7, 0)) == [(MONDAY, 3), (NEXT, 6)]
    assert left(WEEKS, 0, {MONDAY: 7}, Windows(7, 0)) == [(MONDAY, 3), (NEXT, 10)]


def test_what_the_forecast_knew_of_orders_consumes_other_weeks_as_well() -> None:
    known = [ForecastWeek(MONDAY, 3, 0, direct=9, consumed=5), WEEKS[1]]
    assert left(known, 0, {}) == [(MONDAY, 3), (NEXT, 10)]
    assert left(known, 0, {}, Windows(0, 7)) == [(MONDAY, 3), (NEXT, 6)]
    assert left(known, 0, {MONDAY: -3}, Windows(0, 7)) == [(MONDAY, 3), (NEXT, 9)]


def test_what_was_given_back_waits_for_a_newer_forecast() -> None:
    assert left(WEEKS, -5, {MONDAY: -5}) == [(MONDAY, 8), (NEXT, 10)]


units = st.integers(0, 50)
windows = st.builds(Windows, st.integers(0, 21), st.integers(0, 21))


@given(
    st.lists(st.tuples(units, units), min_size=1, max_size=4),
    st.lists(units, max_size=4),
    st.lists(units, max_size=4),
    windows,
)
def test_consuming_before_the_forecast_does_gives_what_the_forecast_will_say(
    expected: list[tuple[int, int]], known: list[int], news: list[int], windows: Windows
) -> None:
    """Baseline = max(expected - ordered, 0), as `takt.forecast` joins it, who tells its orders."""
    mondays = [MONDAY + timedelta(weeks=number) for number in range(len(expected))]

    def told(orders: Mapping[date, int]) -> list[ForecastWeek]:
        weeks = []
        for day, (baseline, pipeline) in zip(mondays, expected, strict=True):
            direct = orders.get(day, 0)
            net = max(baseline - direct, 0)
            weeks.append(
                ForecastWeek(
                    day, net + pipeline, net, direct=direct, consumed=min(direct, baseline)
                )
            )
        return weeks

    before, more = (dict(zip(mondays, orders, strict=False)) for orders in (known, news))
    after = {day: before.get(day, 0) + more.get(day, 0) for day in mondays}
    assert left(told(before), 0, more, windows) == left(told(after), 0, {}, windows)
    assert left(told(before), 0, more) == [(one.week, one.quantity) for one in told(after)]


def test_inside_the_demand_fence_orders_alone_are_demand() -> None:
    """Capability S2."""
    weeks = [WeekLeft(MONDAY, 2, 6), WeekLeft(NEXT, 3, 7)]
    firm = [(MONDAY + timedelta(days=2), 4), (NEXT, 1)]
    rules = [SourcingRule("bike", "north", MONDAY, {"east": WHOLE // 2, "west": WHOLE // 2})]
    at = wanted_at_sites(weeks, firm, rules, {"west": NEXT})
    wednesday = MONDAY + timedelta(days=2)
    assert at["east"] == [(MONDAY, 4), (NEXT, 5), (wednesday, 2), (NEXT, 1)]
    assert at["west"] == [(MONDAY, 1), (wednesday, 2), (NEXT, 5)]
    assert wanted_at_sites(weeks, firm, rules, {"moon": NEXT})["west"] == [
        (MONDAY, 4),
        (NEXT, 5),
        (wednesday, 2),
    ]
