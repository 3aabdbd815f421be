"""F14: an order consumes the forecast of its own bucket, then earlier, then later ones."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.consumption import OWN_BUCKET, Taken, Windows, consume

START = date(2026, 11, 23)


def every(days: int, count: int) -> list[date]:
    return [START + timedelta(days=days * number) for number in range(count)]


def test_the_worked_number_of_f14() -> None:
    months = every(30, 4)
    found = consume(months, [350] * 4, [300, 500, 280, 0], Windows(30, 30))
    assert found.net == (0, 0, 0, 320)
    assert found.taken == (
        Taken(0, 0, 300),
        Taken(1, 1, 350),
        Taken(1, 0, 50),
        Taken(1, 2, 100),
        Taken(2, 2, 250),
        Taken(2, 3, 30),
    )
    assert [a + b for a, b in zip([300, 500, 280, 0], found.net, strict=True)] == [
        300,
        500,
        280,
        320,
    ]


def test_without_windows_an_order_consumes_its_own_week_alone() -> None:
    assert consume(every(7, 3), [5, 5, 5], [0, 9, 0], OWN_BUCKET).net == (5, 0, 5)


def test_the_nearest_earlier_week_goes_before_any_later_one() -> None:
    weeks = every(7, 5)
    assert consume(weeks, [5] * 5, [0, 0, 12, 0, 0], Windows(14, 14)).net == (3, 0, 0, 5, 5)
    assert consume(weeks, [5] * 5, [0, 0, 12, 0, 0], Windows(6, 7)).net == (5, 5, 0, 0, 5)
    assert consume(weeks, [5] * 5, [0, 0, 22, 0, 0], Windows(14, 14)).net == (0, 0, 0, 0, 3)


units = st.integers(0, 60)
cases = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        st.lists(units, min_size=count, max_size=count),
        st.lists(st.integers(-20, 90), min_size=count, max_size=count),
        st.builds(Windows, st.integers(0, 40), st.integers(0, 40)),
    )
)


@given(cases)
def test_what_is_consumed_was_forecast_and_ordered_and_lies_inside_the_windows(
    case: tuple[list[int], list[int], Windows],
) -> None:
    gross, orders, windows = case
    starts = every(7, len(gross))
    found = consume(starts, gross, orders, windows)
    by_order, by_forecast = Counter[int](), Counter[int]()
    for order, forecast, quantity in found.taken:
        assert quantity > 0
        assert -windows.early_days <= (starts[forecast] - starts[order]).days <= windows.late_days
        by_order[order] += quantity
        by_forecast[forecast] += quantity
    for bucket, before in enumerate(gross):
        assert found.net[bucket] == before - by_forecast[bucket] >= 0
        assert by_order[bucket] <= max(orders[bucket], 0)
        reach = [
            other
            for other in range(len(gross))
            if -windows.early_days <= (starts[other] - starts[bucket]).days <= windows.late_days
        ]
        if by_order[bucket] < orders[bucket]:
            assert not any(found.net[other] for other in reach)


@given(cases)
def test_wider_windows_never_leave_more_forecast(
    case: tuple[list[int], list[int], Windows],
) -> None:
    gross, orders, windows = case
    starts = every(7, len(gross))
    wide = sum(consume(starts, gross, orders, windows).net)
    assert wide <= sum(consume(starts, gross, orders, OWN_BUCKET).net)
