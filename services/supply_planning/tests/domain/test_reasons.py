from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.demand import ForecastWeek
from takt.supply_planning.domain.reasons import (
    Asking,
    ForecastReasons,
    reasons_of_week,
    wanted_at_site,
)
from takt.supply_planning.domain.sourcing import WHOLE, SourcingRule, demand_at_sites

MONDAY = date(2026, 11, 23)
SERIES = ("bike", "north")
ONE, TWO = (UUID(int=1), UUID(int=11)), (UUID(int=2), UUID(int=22))


def kinds(week: ForecastWeek, deals: dict[tuple[UUID, UUID], int]) -> list[tuple[str, int]]:
    return [
        (origin.kind, units) for origin, units in reasons_of_week(SERIES, week, list(deals.items()))
    ]


def test_a_week_is_its_deals_and_its_baseline() -> None:
    week = ForecastWeek(MONDAY, 100, 60)
    assert kinds(week, {ONE: 15, TWO: 25}) == [("deal", 15), ("deal", 25), ("baseline", 60)]


def test_what_no_known_deal_asks_for_is_named_and_too_much_is_shared() -> None:
    week = ForecastWeek(MONDAY, 100, 60)
    assert kinds(week, {ONE: 15}) == [("deal", 15), ("pipeline", 25), ("baseline", 60)]
    assert kinds(week, {ONE: 30, TWO: 50}) == [("deal", 15), ("deal", 25), ("baseline", 60)]
    assert kinds(ForecastWeek(MONDAY, 60, 60), {ONE: 3}) == [("baseline", 60)]


def test_an_overdue_sale_is_wanted_today() -> None:
    asking = Asking(ForecastReasons([], {}), {MONDAY - timedelta(days=9): {UUID(int=5): 7}})
    rule = SourcingRule(*SERIES, date(2020, 1, 6), {"plant": WHOLE})
    (one,) = wanted_at_site(SERIES, asking, [rule], "plant", MONDAY)
    assert (one[0], one[1].origin.kind, one[1].quantity) == (MONDAY, "sale", 7)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from([ONE, TWO]), st.integers(0, 60)),
    st.integers(0, WHOLE),
)
def test_reasons_sum_to_what_planning_gives_each_site(
    parts: list[tuple[int, int]], deals: dict[tuple[UUID, UUID], int], share: int
) -> None:
    rule = SourcingRule(*SERIES, date(2020, 1, 6), {"east": share, "west": WHOLE - share})
    weeks = [
        ForecastWeek(MONDAY + timedelta(weeks=place), pipeline + baseline, baseline)
        for place, (pipeline, baseline) in enumerate(parts)
    ]
    asking = Asking(ForecastReasons(weeks, {week.week: list(deals.items()) for week in weeks}), {})
    planned = demand_at_sites([(week.week, week.quantity) for week in weeks], [rule])
    for site in ("east", "west"):
        found: dict[date, int] = {}
        for day, part in wanted_at_site(SERIES, asking, [rule], site, MONDAY):
            found[day] = found.get(day, 0) + part.quantity
        assert found == dict(planned.get(site, []))
