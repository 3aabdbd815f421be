from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.promise import (
    Balance,
    SitePart,
    available_weeks,
    bound_by_sale,
    promise_by_sites,
    whole_on,
)
from takt.supply_planning.domain.sourcing import WHOLE, SourcingRule

MONDAY = date(2026, 11, 23)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def test_a_later_shortage_takes_from_earlier_periods() -> None:
    """S9: on hand 10, orders 2 now and 25 in period 3, receipt 20 in period 3 -> 3 now, not 8."""
    balance = Balance(MONDAY, 10, ((week(2), 20),), ((MONDAY, 2), (week(2), 25)))
    weeks = available_weeks(balance, Horizon(MONDAY, weeks=4))
    assert [one.discrete for one in weeks] == [3, 0, 0, 0]
    assert [one.cumulative for one in weeks] == [3, 3, 3, 3]
    assert balance.promise(8, MONDAY) == ((MONDAY, 3),)


def test_each_receipt_is_available_from_its_day_on() -> None:
    balance = Balance(MONDAY, 5, ((week(1), 7), (week(3), 10)), ((week(2), 4),))
    weeks = available_weeks(balance, Horizon(MONDAY, weeks=4))
    assert [one.discrete for one in weeks] == [5, 3, 0, 10]
    assert [one.cumulative for one in weeks] == [5, 8, 8, 18]
    assert balance.promise(10, MONDAY) == ((MONDAY, 5), (week(1), 3), (week(3), 2))
    assert balance.promise(10, week(2)) == ((week(2), 8), (week(3), 2))


def test_what_is_bound_without_cover_is_named_and_nothing_is_promised_until_it_is_covered() -> None:
    balance = Balance(MONDAY, 0, ((week(2), 10),), ((MONDAY, 4),))
    weeks = available_weeks(balance, Horizon(MONDAY, weeks=4))
    assert [one.short for one in weeks] == [4, 4, 0, 0]
    assert balance.promise(9, MONDAY) == ((week(2), 6),)


def test_what_is_overdue_counts_for_today() -> None:
    balance = Balance(MONDAY, 1, ((week(-2), 4),), ((week(-3), 2),))
    assert balance.promise(9, week(-1)) == ((MONDAY, 3),)


def test_a_sale_after_the_horizon_still_binds() -> None:
    assert Balance(MONDAY, 10, (), ((week(60), 10),)).promise(1, MONDAY) == ()


def test_each_site_promises_its_share_and_an_unplanned_one_nothing() -> None:
    shares = {"east": WHOLE * 6 // 10, "west": WHOLE * 4 // 10}
    rule = SourcingRule("bike", "north", MONDAY, shares)
    east, west = Balance(MONDAY, 60), Balance(MONDAY, 10, ((week(2), 5),))
    promised = promise_by_sites(rule, {"east": east, "west": west}, 50, MONDAY)
    assert promised == (
        SitePart("east", MONDAY, 30),
        SitePart("west", MONDAY, 10),
        SitePart("west", week(2), 5),
    )
    assert whole_on(rule, {"east": east, "west": west}, MONDAY) == 25
    assert whole_on(rule, {"east": east, "west": west}, week(2)) == 37
    assert promise_by_sites(rule, {"east": east}, 50, MONDAY) == (SitePart("east", MONDAY, 30),)
    assert whole_on(rule, {"east": east}, MONDAY) == 0


def test_a_sale_keeps_the_dates_that_were_promised_to_its_deal() -> None:
    promised = ((MONDAY, 3), (week(2), 5))
    assert bound_by_sale(8, MONDAY, promised) == promised
    assert bound_by_sale(6, MONDAY, promised) == ((MONDAY, 1), (week(2), 5))
    assert bound_by_sale(9, week(1), promised) == ((week(1), 1), (week(1), 3), (week(2), 5))
    assert bound_by_sale(4, MONDAY, ()) == ((MONDAY, 4),)


days = st.integers(-3, 12).map(week)
dated = st.lists(st.tuples(days, st.integers(1, 40)), max_size=6).map(tuple)
balances = st.builds(Balance, st.just(MONDAY), st.integers(-20, 60), dated, dated)
wishes = st.lists(st.tuples(st.integers(1, 40), days), min_size=1, max_size=6)


def projected(balance: Balance, day: date) -> int:
    came = sum(quantity for when, quantity in balance.receipts if max(when, MONDAY) <= day)
    left = sum(quantity for when, quantity in balance.bound if max(when, MONDAY) <= day)
    return balance.on_hand + came - left


LATER = [week(number) for number in range(14)]


@given(balances, wishes)
def test_no_promise_ever_takes_what_is_bound(
    balance: Balance, wishes: list[tuple[int, date]]
) -> None:
    before = {day: projected(balance, day) for day in LATER}
    for quantity, wanted in wishes:
        parts = balance.promise(quantity, wanted)
        assert sum(units for _, units in parts) <= quantity
        assert all(day >= max(wanted, MONDAY) and units > 0 for day, units in parts)
        balance = balance.binding(parts)
    for day in LATER:
        assert projected(balance, day) >= min(before[day], 0)


@given(balances, st.integers(1, 60), days)
def test_a_promise_is_the_most_that_can_be_given_by_each_day(
    balance: Balance, quantity: int, wanted: date
) -> None:
    parts = balance.promise(quantity, wanted)
    for day in LATER:
        if day < max(wanted, MONDAY):
            continue
        most = max(min(projected(balance, later) for later in LATER if later >= day), 0)
        assert sum(units for when, units in parts if when <= day) == min(most, quantity)


@given(balances)
def test_discrete_quantities_add_up_and_none_is_negative(balance: Balance) -> None:
    total = 0
    for one in available_weeks(balance, Horizon(MONDAY, weeks=13)):
        assert one.discrete >= 0
        total += one.discrete
        assert one.cumulative == total
