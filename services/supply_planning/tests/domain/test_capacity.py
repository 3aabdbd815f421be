"""S6, the rough cut: load against capacity, and what makes an overload."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.calendar import WorkingCalendar
from takt.supply_planning.domain.capacity import (
    Operation,
    PlannedOrders,
    Resource,
    UnknownResourceError,
    load,
    overloads,
    routings,
)
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.plan import ItemSite

MONDAY = date(2026, 11, 30)
HORIZON = Horizon(MONDAY, weeks=4)
DAY_SHIFT = WorkingCalendar("day shift", (480, 480, 480, 480, 480, 0, 0))
SAW = Resource("saw", DAY_SHIFT, overtime=300)
LATHE = Resource("lathe", DAY_SHIFT, units=2, efficiency=0.75)
FRAME, WHEEL = ItemSite("frame", "east"), ItemSite("wheel", "east")
ROWS = {FRAME: 0, WHEEL: 1}
STEPS = routings(
    ROWS,
    [SAW, LATHE],
    {
        FRAME: [Operation("saw", 10, setup=60), Operation("lathe", 5)],
        WHEEL: [Operation("saw", 2)],
    },
)


def orders(*each: tuple[int, int, int, float]) -> PlannedOrders:
    row, release, due, quantity = zip(*each, strict=True)
    return PlannedOrders(
        np.array(row), np.array(release), np.array(due), np.array(quantity), np.ones(len(row), int)
    )


def test_a_resource_works_its_shifts_times_units_and_efficiency() -> None:
    assert SAW.minutes(HORIZON).tolist() == [2400] * 4
    assert LATHE.minutes(HORIZON).tolist() == [2400 * 2 * 0.75] * 4


def test_days_that_have_passed_and_holidays_are_no_capacity() -> None:
    closed = WorkingCalendar("closed", DAY_SHIFT.minutes, {date(2026, 12, 9): 0})
    minutes = Resource("saw", closed).minutes(Horizon(date(2026, 12, 2), weeks=2))
    assert minutes.tolist() == [3 * 480, 4 * 480]


def test_an_order_loads_its_operations_in_turn_over_its_lead_time() -> None:
    asked = load(orders((0, 0, 2, 100), (1, 1, 2, 50)), STEPS, (2, 4))
    assert asked.tolist() == [[60 + 1000, 100, 0, 0], [0, 500, 0, 0]]


def test_each_lot_of_an_order_is_set_up_for() -> None:
    one = orders((0, 1, 1, 100))
    two = PlannedOrders(one.row, one.release, one.due, one.quantity, np.array([2]))
    assert load(two, STEPS, (2, 4))[0, 1] - load(one, STEPS, (2, 4))[0, 1] == 60


def test_an_overload_names_resource_week_minutes_and_orders() -> None:
    planned = orders((0, 1, 1, 200), (1, 1, 2, 700), (1, 2, 3, 700))
    (found,) = overloads(planned, STEPS, [SAW, LATHE], HORIZON)
    assert (found.resource, found.monday) == ("saw", date(2026, 12, 7))
    assert (found.load, found.capacity, found.missing) == (60 + 2000 + 1400, 2400, 1060)
    assert found.overtime == 300
    assert [(part.order, part.minutes) for part in found.orders] == [(0, 2060), (1, 1400)]


def test_the_most_overloaded_week_comes_first() -> None:
    planned = orders((1, 0, 0, 1300), (1, 2, 2, 1500))
    found = overloads(planned, STEPS, [SAW, LATHE], HORIZON)
    assert [over.missing for over in found] == [600, 200]


def test_a_routing_that_names_no_resource_is_refused() -> None:
    with pytest.raises(UnknownResourceError, match="frame at east names no resource press"):
        routings(ROWS, [SAW], {FRAME: [Operation("press", 1)]})


@pytest.mark.parametrize("wrong", [{"units": 0}, {"efficiency": 0}, {"overtime": -1}])
def test_a_resource_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="of saw is"):
        Resource("saw", **wrong)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 3), st.integers(0, 900)),
        min_size=1,
        max_size=12,
    )
)
def test_contributions_sum_to_the_load_and_the_load_to_the_work(
    drawn: list[tuple[int, int, int, int]],
) -> None:
    planned = orders(*((row, week, min(week + lead, 3), n) for row, week, lead, n in drawn))
    asked = load(planned, STEPS, (2, 4))
    work = sum((60 + 15 * n) if row == 0 else 2 * n for row, _, _, n in drawn)
    assert asked.sum() == pytest.approx(work)
    for over in overloads(planned, STEPS, [SAW, LATHE], HORIZON):
        assert sum(part.minutes for part in over.orders) == pytest.approx(over.load)
        assert over.missing == pytest.approx(over.load - over.capacity)
