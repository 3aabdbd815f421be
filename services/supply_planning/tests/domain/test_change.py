from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.change import (
    Change,
    KeptPlan,
    OrderNeed,
    PlanInputs,
    Planned,
    Reason,
    explain,
)
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply, net
from takt.supply_planning.domain.origins import Origin, Part
from takt.supply_planning.domain.plan import ItemSite, Position, replan
from takt.supply_planning.domain.quantity import ONE

MONDAY = date(2026, 11, 23)
WEEKS = 5
BIKE, WHEEL = ItemSite("bike", "plant"), ItemSite("wheel", "plant")
DEAL = Origin("deal", "bike", "north", None, UUID(int=1), UUID(int=11))
BASELINE = Origin("baseline", "bike", "north")


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def plan(
    deal: tuple[int, ...] = (),
    baseline: tuple[int, ...] = (),
    *,
    on_hand: int = 0,
    supplies: tuple[Supply, ...] = (),
    policy: PlanningPolicy | None = None,
    today: date = MONDAY,
) -> KeptPlan:
    first = today - timedelta(days=today.weekday())
    columns = []
    for place in range(WEEKS):
        monday = first + timedelta(weeks=place)
        columns.append(
            tuple(
                Part(origin._replace(week=monday), (), units[place])
                for origin, units in ((DEAL, deal), (BASELINE, baseline))
                if place < len(units) and units[place]
            )
        )
    demand = tuple(sum(part.quantity for part in parts) for parts in columns)
    policy = policy or PlanningPolicy("buy")
    horizon = Horizon(today, WEEKS)
    planned = Planned.of(net(demand, on_hand, supplies, policy, horizon), horizon)
    inputs = PlanInputs(today, on_hand, demand, supplies, policy, planned)
    wanted = [(part.origin.week or today, part) for parts in columns for part in parts]
    return KeptPlan(inputs, tuple(wanted))


def why(before: KeptPlan, after: KeptPlan) -> list[Change]:
    return explain(BIKE, {BIKE: before}, {BIKE: after}, BillOfMaterial([]))


def told(changes: list[Change]) -> list[tuple[str, dict[date, int]]]:
    return [(one.reason.kind, dict(one.weeks)) for one in changes]


def test_a_deal_that_fell_and_a_baseline_that_rose_have_a_part_each() -> None:
    changes = why(plan((0, 30), (0, 10)), plan((0, 12), (0, 15)))
    assert [(one.reason.origin, dict(one.weeks)) for one in changes] == [
        (DEAL, {week(1): -18}),
        (BASELINE, {week(1): 5}),
    ]


def test_stock_safety_and_lot_are_told_apart() -> None:
    lot = PlanningPolicy("buy", safety_stock=5, lot=LotPolicy(multiple=8))
    changes = why(plan((0, 30)), plan((0, 30), on_hand=4, policy=lot))
    assert told(changes) == [
        ("stock", {week(1): -4}),
        ("safety_stock", {week(0): 1, week(1): 4}),
        # Eight instead of one come now, so seven less are missing then: 24 cover the 23.
        ("lot", {week(0): 7, week(1): -6}),
    ]


def test_an_order_that_came_takes_what_was_planned() -> None:
    order = Supply(UUID(int=5), "scheduled", week(1), 20)
    (change,) = why(plan((0, 30)), plan((0, 30), supplies=(order,)))
    assert change.reason == Reason("order", BIKE, order_id=order.order_id)
    assert change.weeks == {week(1): -20}
    assert change.needs == {order.order_id: OrderNeed(week(1), 20)}


def test_an_open_order_is_needed_less_and_later_because_of_a_deal() -> None:
    order = Supply(UUID(int=5), "scheduled", week(1), 20)
    (change,) = why(plan((0, 20), supplies=(order,)), plan((0, 0, 12), supplies=(order,)))
    assert change.reason.origin == DEAL
    assert change.needs == {order.order_id: OrderNeed(week(2), -8)}


def test_a_week_that_passed_moves_what_was_due_in_it() -> None:
    changes = why(plan((3, 4)), plan((7,), today=week(1)))
    assert told(changes) == [("calendar", {week(0): -3, week(1): 3})]


BILL = BillOfMaterial([BillLine("bike", "wheel", 2 * ONE)])


def company(bike: KeptPlan, wheel: KeptPlan) -> dict[ItemSite, KeptPlan]:
    """Plan both, wheels for bikes, and keep what comes of it."""
    plans = {BIKE: bike, WHEEL: wheel}
    horizon = bike.inputs.horizon
    positions = {
        key: Position(
            one.inputs.on_hand,
            one.inputs.supplies,
            tuple(zip(horizon.mondays, one.inputs.demand, strict=True)),
        )
        for key, one in plans.items()
    }
    policies = {key: one.inputs.policy for key, one in plans.items()}
    done = replan(plans, BILL, policies, positions, {}, horizon)
    return {
        key: replace(
            one,
            inputs=replace(one.inputs, planned=Planned.of(done[key].netting, horizon)),
        )
        for key, one in plans.items()
    }


def made(**policy: object) -> PlanningPolicy:
    return PlanningPolicy("make", **policy)  # type: ignore[arg-type]


def test_what_changed_above_is_named_there_in_units_of_the_component() -> None:
    before = company(plan((0, 0, 9), policy=made()), plan())
    after = company(
        plan((0, 0, 5), on_hand=1, policy=made(lot=LotPolicy(multiple=6), lead=LeadTime(days=7))),
        plan(on_hand=3),
    )
    changes = explain(WHEEL, before, after, BILL)
    assert [(one.reason.kind, one.reason.at, dict(one.weeks)) for one in changes] == [
        ("demand", BIKE, {week(2): -8}),
        ("stock", BIKE, {week(2): -2}),
        ("lot", BIKE, {week(2): 4}),
        ("lead_time", BIKE, {week(1): 12, week(2): -12}),
        ("stock", WHEEL, {week(1): -3}),
    ]


def test_what_nothing_kept_explains_is_said() -> None:
    before = company(plan((0, 0, 9), policy=made()), plan())
    changes = explain(WHEEL, before, {WHEEL: before[WHEEL]}, BILL)
    assert sum(sum(one.weeks.values()) for one in changes) == 0


def test_nothing_has_changed_of_the_same_plan() -> None:
    assert why(plan((3, 4), (1,)), plan((3, 4), (1,))) == []


units = st.lists(st.integers(0, 40), max_size=WEEKS).map(tuple)
plans = st.builds(
    plan,
    units,
    units,
    on_hand=st.integers(-10, 50),
    supplies=st.lists(
        st.builds(
            Supply,
            st.sampled_from([UUID(int=number) for number in range(3)]),
            st.sampled_from(["firm", "scheduled"]),
            st.integers(-1, 7).map(week),
            st.integers(1, 40),
        ),
        max_size=3,
        unique_by=lambda one: one.order_id,
    ).map(tuple),
    policy=st.builds(
        PlanningPolicy,
        st.just("buy"),
        safety_stock=st.integers(0, 9),
        lot=st.sampled_from([LotPolicy(), LotPolicy(multiple=6), LotPolicy("period", periods=2)]),
        fence_days=st.sampled_from([0, 8]),
    ),
    today=st.sampled_from([MONDAY, week(1), week(1) + timedelta(days=2)]),
)


@given(plans, plans)
def test_parts_sum_to_the_difference_of_every_week_and_every_order(
    before: KeptPlan, after: KeptPlan
) -> None:
    changes = why(before, after)
    old, new = before.inputs.planned, after.inputs.planned
    for monday in {*old.weeks, *new.weeks, *(week for one in changes for week in one.weeks)}:
        moved = new.weeks.get(monday, 0) - old.weeks.get(monday, 0)
        assert sum(one.weeks.get(monday, 0) for one in changes) == moved
    nothing = OrderNeed(None, 0)
    for order in old.needs.keys() | new.needs.keys():
        moved = new.needs.get(order, nothing).quantity - old.needs.get(order, nothing).quantity
        assert sum(one.needs.get(order, nothing).quantity for one in changes) == moved
    assert not any(one.reason.kind == "other" for one in changes)
    assert why(after, after) == []
