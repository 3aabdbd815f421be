"""Bills with dates, yields, phantoms and alternates: by example, and by laws on random models."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takt.supply_planning.domain.alternates import first_reached
from takt.supply_planning.domain.bom import (
    BillCycleError,
    BillLine,
    BillOfMaterial,
    BillOverlapError,
    Part,
)
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import (
    PHANTOM,
    Horizon,
    PlanningPolicy,
    StandIn,
    Supply,
    net,
)
from takt.supply_planning.domain.plan import (
    ItemPlan,
    ItemSite,
    Position,
    explode,
    gist,
    reach,
    replan,
)
from takt.supply_planning.domain.quantity import ONE

from .random_models import HORIZON as WEEKS
from .random_models import Model, model, position

MONDAY = date(2026, 11, 23)
HORIZON = Horizon(MONDAY, weeks=6)
MAKE, BUY = PlanningPolicy("make"), PlanningPolicy("buy")
SLOW = PlanningPolicy("buy", lead=LeadTime(days=21))


def at(item: str) -> ItemSite:
    return ItemSite(item, "plant")


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def planned(
    lines: list[BillLine], policies: dict[str, PlanningPolicy], **positions: Position
) -> dict[str, ItemPlan]:
    keys = {at(item): policy for item, policy in policies.items()}
    given_ = {at(item): one for item, one in positions.items()}
    plans = replan(keys, BillOfMaterial(lines), keys, given_, {}, HORIZON)
    return {key.item: plan for key, plan in plans.items()}


def wanted(*dated: tuple[int, int], on_hand: int = 0) -> Position:
    return Position(on_hand, demand=tuple((week(number), units) for number, units in dated))


def test_a_line_is_taken_by_what_is_released_between_its_days_both_included() -> None:
    turn = week(2)
    lines = [
        BillLine("bike", "bell", ONE, valid_to=turn),
        BillLine("bike", "horn", ONE, valid_from=turn + timedelta(days=1)),
        BillLine("bike", "screw", 2 * ONE, valid_to=turn),
        BillLine("bike", "screw", 3 * ONE, valid_from=turn + timedelta(days=1)),
    ]
    policies = {"bike": MAKE, "bell": BUY, "horn": BUY, "screw": BUY}
    plans = planned(lines, policies, bike=wanted((1, 10), (2, 20), (3, 30)))
    assert plans["bell"].netting.gross == (0, 10, 20, 0, 0, 0)
    assert plans["horn"].netting.gross == (0, 0, 0, 30, 0, 0)
    assert plans["screw"].netting.gross == (0, 20, 40, 90, 0, 0)


def test_within_a_week_the_day_of_the_release_decides() -> None:
    lines = [
        BillLine("bike", "bell", ONE, valid_to=week(2) + timedelta(days=2)),
        BillLine("bike", "horn", ONE, valid_from=week(2) + timedelta(days=3)),
    ]
    firm = tuple(
        Supply(UUID(int=day), "firm", week(4), units, week(2) + timedelta(days=day))
        for day, units in ((2, 5), (3, 7))
    )
    bike = Position(supplies=firm)
    plans = planned(lines, {"bike": MAKE, "bell": BUY, "horn": BUY}, bike=bike)
    assert plans["bell"].netting.gross[2] == 5
    assert plans["horn"].netting.gross[2] == 7


def test_a_component_may_not_be_in_a_bill_twice_on_one_day() -> None:
    early, late = (
        BillLine("bike", "bell", ONE, valid_to=week(2)),
        BillLine("bike", "bell", ONE, valid_from=week(2)),
    )
    with pytest.raises(BillOverlapError, match="bell is in the bill of bike twice"):
        BillOfMaterial([late, early])
    with pytest.raises(ValueError, match="ends before it begins"):
        BillLine("bike", "bell", ONE, valid_from=week(2), valid_to=week(1))


def test_the_critical_path_takes_the_line_that_holds_when_its_parent_starts() -> None:
    bill = BillOfMaterial(
        [
            BillLine("bike", "bell", ONE, valid_to=week(2)),
            BillLine("bike", "horn", ONE, valid_from=week(2) + timedelta(days=1)),
            BillLine("horn", "reed", ONE),
        ]
    )

    def start(item: str, due: date) -> date:
        return due - timedelta(days=7)

    names = [[item for item, _ in bill.critical_path("bike", week(n), start)] for n in (3, 4)]
    assert names == [["bike", "bell"], ["bike", "horn", "reed"]]
    bought = bill.critical_path("bike", week(4), start, lambda item: item != "horn")
    assert [item for item, _ in bought] == ["bike", "horn"]


def test_more_is_started_so_that_what_comes_good_covers_the_need() -> None:
    lines = [BillLine("chip", "wafer", ONE)]
    policies = {"chip": PlanningPolicy("make", yield_share=Decimal("0.8")), "wafer": BUY}
    plans = planned(lines, policies, chip=wanted((2, 100)))
    (order,) = plans["chip"].netting.orders
    assert (order.started, order.quantity, order.loss) == (125, 100, 25)
    assert plans["chip"].netting.planned[2] == 100
    assert plans["wafer"].netting.gross[2] == 125


def test_a_lot_is_of_what_is_started_and_its_surplus_of_what_is_good() -> None:
    oven = PlanningPolicy("make", lot=LotPolicy(multiple=60), yield_share=Decimal("0.9"))
    netting = net([0, 100, 8, 0, 0, 0], 0, [], oven, HORIZON)
    assert [(order.started, order.quantity) for order in netting.orders] == [(120, 108)]
    assert netting.projected == (0, 8, 0, 0, 0, 0)


def test_an_open_order_says_what_comes_good_and_takes_components_for_what_is_started() -> None:
    policies = {"chip": PlanningPolicy("make", yield_share=Decimal("0.8")), "wafer": BUY}
    firm = Supply(UUID(int=1), "firm", week(2), 100, week(1))
    chip = Position(supplies=(firm,), demand=((week(2), 100),))
    plans = planned([BillLine("chip", "wafer", ONE)], policies, chip=chip)
    assert plans["chip"].netting.orders == ()
    assert plans["wafer"].netting.gross[1] == 125


def test_a_yield_that_changes_what_comes_of_the_same_lot_is_another_plan() -> None:
    def made(share: str) -> str:
        policy = PlanningPolicy("make", lot=LotPolicy(multiple=60), yield_share=Decimal(share))
        return gist(net([0, 50, 0, 0, 0, 0], 0, [], policy, HORIZON), MONDAY).whole

    assert made("0.9") != made("0.95")


def test_a_phantom_passes_its_need_on_in_the_same_week_after_its_stock() -> None:
    lines = [BillLine("bike", "kit", ONE), BillLine("kit", "bolt", 4 * ONE, Decimal("0.2"))]
    policies = {"bike": MAKE, "kit": PHANTOM, "bolt": BUY}
    plans = planned(lines, policies, bike=wanted((1, 10), (3, 6)), kit=Position(on_hand=4))
    assert plans["kit"].netting.projected == (4, 0, 0, 0, 0, 0)
    assert plans["bolt"].netting.gross == (0, 30, 0, 30, 0, 0)


BOLTS = [BillLine("bike", "bolt", 2 * ONE, alternates=(Part("screw", 4 * ONE), Part("nail", ONE)))]


def test_alternates_cover_in_their_order_what_a_component_cannot_cover_within_its_lead_time() -> (
    None
):
    plans = planned(
        BOLTS,
        {"bike": MAKE, "bolt": SLOW, "screw": SLOW, "nail": SLOW},
        bike=wanted((1, 10), (4, 10)),
        bolt=Position(on_hand=6),
        screw=Position(on_hand=8),
        nail=wanted((2, 1), on_hand=4),
    )
    moves = [(m.bucket, m.alternate, m.parents, m.spared, m.taken) for m in moves_of(plans["bolt"])]
    assert moves == [(1, "screw", 2, 4, 8), (1, "nail", 3, 6, 3)]
    assert plans["bolt"].netting.gross == (0, 10, 0, 0, 20, 0)
    assert plans["screw"].netting.gross == (0, 8, 0, 0, 0, 0)
    assert plans["nail"].netting.gross == (0, 3, 1, 0, 0, 0)
    assert [order.bucket for order in plans["bolt"].netting.orders] == [1, 4]


def moves_of(plan: ItemPlan) -> tuple[StandIn, ...]:
    return plan.netting.stand_ins


def test_an_alternate_that_can_be_ordered_in_time_takes_all_and_keeps_its_safety_stock() -> None:
    quick = PlanningPolicy("buy", safety_stock=5, lead=LeadTime(days=7))
    plans = planned(
        BOLTS,
        {"bike": MAKE, "bolt": SLOW, "screw": quick},
        bike=wanted((0, 3), (1, 10)),
        screw=Position(on_hand=9),
    )
    assert [(m.bucket, m.parents) for m in moves_of(plans["screw"])] == [(0, 1), (1, 10)]
    assert plans["bolt"].netting.gross == (0 + 4, 0, 0, 0, 0, 0)


def test_what_is_asked_for_by_itself_is_not_replaced() -> None:
    plans = planned(
        BOLTS,
        {"bike": MAKE, "bolt": SLOW, "screw": SLOW},
        bolt=wanted((1, 10)),
        screw=Position(on_hand=99),
    )
    assert moves_of(plans["bolt"]) == ()


def test_what_stands_in_may_not_hold_what_it_stands_in_for() -> None:
    lines = [
        BillLine("bike", "bolt", ONE, alternates=(Part("kit", ONE),)),
        BillLine("kit", "bag", ONE),
        BillLine("bag", "bolt", ONE),
    ]
    with pytest.raises(BillCycleError, match="bag > bolt > kit > bag"):
        BillOfMaterial(lines)
    with pytest.raises(ValueError, match="named twice"):
        BillLine("bike", "bolt", ONE, alternates=(Part("bolt", ONE),))


seeds = st.integers(0, 2**40)


def company(dice: random.Random) -> tuple[Model, dict[ItemSite, Position]]:
    made = model(dice)
    return made, {key: position(dice) for key in made.keys}


@settings(max_examples=1000)
@given(seeds)
def test_planning_again_only_what_changed_is_the_complete_plan_of_1000_random_models(
    seed: int,
) -> None:
    dice = random.Random(seed)
    made, before = company(dice)
    old = replan(made.keys, made.bill, made.policies, before, {}, WEEKS)
    changed = dice.sample(made.keys, dice.randint(0, 3))
    now = before | {key: position(dice) for key in changed}
    released = {key: plan.releases for key, plan in old.items()}
    partial = replan(changed, made.bill, made.policies, now, released, WEEKS)
    assert old | partial == replan(made.keys, made.bill, made.policies, now, {}, WEEKS)
    assert set(partial) <= reach(changed, made.bill)


@settings(max_examples=300)
@given(seeds)
def test_nothing_is_lost_between_any_two_levels(seed: int) -> None:
    made, positions = company(random.Random(seed))
    plans = replan(made.keys, made.bill, made.policies, positions, {}, WEEKS)
    today = WEEKS.today
    gross = {key: WEEKS.spread(positions[key].demand) for key in made.keys}
    for line in made.bill.lines:
        for site in ("east", "west"):
            parent, component = ItemSite(line.parent, site), ItemSite(line.component, site)
            if parent not in plans or component not in plans:
                continue
            released = WEEKS.spread(
                (day, units) for day, units in plans[parent].releases if line.holds(max(day, today))
            )
            for bucket, units in enumerate(released):
                moves = [
                    move
                    for move in plans[component].netting.stand_ins
                    if (move.bucket, move.parent, move.component)
                    == (bucket, line.parent, line.component)
                    and line.alternates
                ]
                kept = units - sum(move.parents for move in moves)
                assert kept >= 0
                gross[component][bucket] += line.required(kept)
                assert line.required(units) - line.required(kept) == sum(m.spared for m in moves)
                for move in moves:
                    (part,) = (one for one in line.alternates if one.component == move.alternate)
                    assert move.taken == part.required(move.parents)
                    gross[ItemSite(move.alternate, site)][bucket] += move.taken
    for key, plan in plans.items():
        netting, policy = plan.netting, made.policies[key]
        assert netting.gross == tuple(gross[key])
        flows = zip(netting.scheduled, netting.planned, netting.gross, strict=True)
        ends = accumulate((a + b - c for a, b, c in flows), initial=positions[key].on_hand)
        assert netting.projected == tuple(ends)[1:]
        good = defaultdict(int)
        for order in netting.orders:
            assert order.quantity == policy.comes_good(order.started)
            good[order.bucket] += order.quantity
            assert policy.source != "phantom" or WEEKS.bucket(order.release) == order.bucket
        assert netting.planned == tuple(good[bucket] for bucket in range(WEEKS.weeks))


@settings(max_examples=300)
@given(seeds)
def test_an_alternate_gives_only_what_it_can_spare(seed: int) -> None:
    made, positions = company(random.Random(seed))
    plans = replan(made.keys, made.bill, made.policies, positions, {}, WEEKS)
    for key, plan in plans.items():
        given_ = [move for move in plan.netting.stand_ins if move.alternate == key.item]
        policy = made.policies[key]
        inside = range(first_reached(policy, WEEKS))
        own = list(plan.netting.gross)
        for move in given_:
            own[move.bucket] -= move.taken
        for bucket in inside:
            come = positions[key].on_hand + sum(plan.netting.scheduled[: bucket + 1])
            after = come - sum(plan.netting.gross[: bucket + 1])
            assert after >= min(come - sum(own[: bucket + 1]), policy.safety_stock)


@settings(max_examples=200)
@given(seeds)
def test_what_a_demand_draws_on_is_netting_without_stock_orders_lots_and_lead_times(
    seed: int,
) -> None:
    dice = random.Random(seed)
    made = model(dice)
    policies = {
        key: replace(PlanningPolicy(policy.source), yield_share=policy.yield_share)
        for key, policy in made.policies.items()
    }
    positions = {key: Position(demand=position(dice).demand) for key in dice.sample(made.keys, 3)}
    plans = replan(positions, made.bill, policies, positions, {}, WEEKS)
    needed = explode({k: p.demand for k, p in positions.items()}, made.bill, policies, WEEKS)
    empty = [0] * WEEKS.weeks
    for key in made.keys:
        netted = list(plans[key].netting.gross) if key in plans else empty
        assert needed.get(key, empty) == netted


@given(st.integers(1, 10**12), st.decimals("0.00000001", "1", places=8))
def test_what_is_started_for_a_need_comes_good_as_exactly_the_need(
    need: int, share: Decimal
) -> None:
    policy = PlanningPolicy("make", yield_share=share)
    assert policy.comes_good(policy.to_start(need)) == need
