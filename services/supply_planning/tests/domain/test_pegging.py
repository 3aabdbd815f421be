import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply
from takt.supply_planning.domain.orders import planned_id
from takt.supply_planning.domain.origins import Origin, Part, Via
from takt.supply_planning.domain.pegging import Pegs, PlannedPosition, above, peg, trace
from takt.supply_planning.domain.plan import ItemSite, Position, replan
from takt.supply_planning.domain.quantity import ONE

from .random_models import HORIZON as WEEKS
from .random_models import model, position

MONDAY = date(2026, 11, 23)
HORIZON = Horizon(MONDAY, weeks=8)
BILL = BillOfMaterial(
    [
        BillLine("bike", "frame", ONE),
        BillLine("bike", "wheel", 2 * ONE),
        BillLine("cart", "wheel", 4 * ONE),
        BillLine("frame", "tube", 3 * ONE),
        BillLine("wheel", "tube", ONE // 3),
    ]
)
ITEMS = ("bike", "cart", "frame", "wheel", "tube")


def at(item: str) -> ItemSite:
    return ItemSite(item, "plant")


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def deal(number: int, item: str = "bike", week_number: int = 4) -> Origin:
    return Origin("deal", item, "north", week(week_number), UUID(int=number), UUID(int=number))


def baseline(item: str = "bike", week_number: int = 4) -> Origin:
    return Origin("baseline", item, "north", week(week_number))


Demands = dict[ItemSite, list[tuple[Origin, int]]]


def pegged(
    demands: Demands,
    policies: dict[ItemSite, PlanningPolicy],
    stock: dict[ItemSite, int] | None = None,
    supplies: dict[ItemSite, tuple[Supply, ...]] | None = None,
) -> dict[ItemSite, Pegs]:
    """Plan a company as planning does, and peg what comes out."""
    stock, supplies = stock or {}, supplies or {}
    given_ = {
        at(item): Position(
            stock.get(at(item), 0),
            supplies.get(at(item), ()),
            tuple(sorted((o.week or MONDAY, units) for o, units in demands.get(at(item), []))),
        )
        for item in ITEMS
    }
    plans = replan(map(at, ITEMS), BILL, policies, given_, {}, HORIZON)

    def wanted(key: ItemSite) -> Callable[[int], list[Part]]:
        return lambda bucket: [
            Part(origin, (), units)
            for origin, units in demands.get(key, [])
            if HORIZON.bucket(origin.week or MONDAY) == bucket
        ]

    positions = {
        key: PlannedPosition(plan.netting, HORIZON, given_[key].supplies, {}, wanted(key))
        for key, plan in plans.items()
    }
    return peg(BILL, policies, positions)


POLICIES = {
    **{at(item): PlanningPolicy("make", lead=LeadTime(days=7)) for item in ITEMS[:4]},
    at("tube"): PlanningPolicy("buy", lead=LeadTime(days=7)),
}


def parts_of(pegs: Pegs, place: int = -1) -> list[tuple[Origin, int]]:
    place = place % len(pegs.sources)
    return [(part.origin, part.quantity) for part in pegs.parts_of(place)]


def test_an_order_three_levels_down_is_for_the_deals_at_the_top() -> None:
    demands = {at("bike"): [(deal(1), 6 * ONE), (baseline(), 4 * ONE)]}
    found = pegged(demands, POLICIES)
    (source,) = found[at("tube")].sources
    direct = found[at("tube")].parts_of(0)
    bike = Via("bike", "plant", planned_id(at("bike"), week(4)))
    frame = Via("frame", "plant", planned_id(at("frame"), week(3)))
    wheel = Via("wheel", "plant", planned_id(at("wheel"), week(3)))
    assert [(part.origin.kind, part.origin.item) for part in direct] == [
        ("order", "frame"),
        ("order", "wheel"),
    ]
    parts = list(trace(direct, found))
    assert source.quantity == sum(part.quantity for part in parts)
    assert [(part.via, part.origin.kind, part.quantity) for part in parts] == [
        ((frame, bike), "deal", 18 * ONE),
        ((frame, bike), "baseline", 12 * ONE),
        ((wheel, bike), "deal", 12 * 333_333),
        ((wheel, bike), "baseline", 8 * 333_333),
    ]


def test_safety_stock_and_what_a_lot_adds_are_named_as_such() -> None:
    lot = PlanningPolicy("buy", safety_stock=100, lot=LotPolicy(multiple=500))
    demands = {at("tube"): [(baseline("tube", 0), 250), (baseline("tube", 1), 1000)]}
    found = pegged(demands, POLICIES | {at("tube"): lot})[at("tube")]
    assert [(kind.kind, units) for kind, units in parts_of(found, 0)] == [
        ("safety_stock", 100),
        ("baseline", 250),
        ("baseline", 150),
    ]
    assert [(kind.kind, units) for kind, units in parts_of(found, 1)] == [
        ("baseline", 850),
        ("lot", 150),
    ]


def test_what_is_surer_takes_stock_and_the_rest_waits_for_the_order() -> None:
    demands = {at("tube"): [(baseline("tube", 1), 8), (deal(1, "tube", 1), 5)]}
    found = pegged(demands, POLICIES, {at("tube"): 6})[at("tube")]
    assert parts_of(found, 0) == [(deal(1, "tube", 1), 5), (baseline("tube", 1), 1)]
    ((part, covers), (rest, later)) = found.covers_of(1)
    assert (part.origin, [one.source.kind for one in covers]) == (deal(1, "tube", 1), ["stock"])
    assert [(one.source.kind, one.part.quantity) for one in later] == [("stock", 1), ("planned", 7)]
    assert rest.quantity == 8


def test_an_open_order_that_is_too_large_is_partly_for_nothing() -> None:
    order = Supply(UUID(int=7), "scheduled", week(1), 10)
    late = Supply(UUID(int=8), "scheduled", week(20), 3)
    demands = {at("tube"): [(deal(1, "tube", 1), 4)]}
    found = pegged(demands, POLICIES, supplies={at("tube"): (order, late)})[at("tube")]
    parts = found.parts_of(found.of_order[order.order_id])
    assert [(part.origin.kind, part.quantity) for part in parts] == [("deal", 4), ("surplus", 6)]
    assert parts_of(found) == [(Origin("after_horizon", "tube", "plant"), 3)]


def test_inside_the_fence_what_is_short_is_said_and_made_up_for_later() -> None:
    fenced = POLICIES | {at("tube"): PlanningPolicy("buy", fence_days=99)}
    found = pegged({at("tube"): [(deal(1, "tube", 1), 4)]}, fenced)[at("tube")]
    assert list(found.sources) == []
    assert found.covers_of(1) == [(Part(deal(1, "tube", 1), (), 4), [])]


def test_what_uses_an_item_is_found_through_every_level() -> None:
    assert above([at("tube")], BILL) == set(map(at, ITEMS))
    assert above([at("frame")], BILL) == {at("frame"), at("bike")}


origins = st.one_of(
    st.builds(deal, st.integers(1, 3), st.sampled_from(ITEMS), st.integers(0, 9)),
    st.builds(baseline, st.sampled_from(ITEMS), st.integers(0, 9)),
)
supplied = st.lists(
    st.builds(
        Supply,
        st.uuids(version=4),
        st.sampled_from(["firm", "scheduled"]),
        st.integers(-1, 9).map(week),
        st.integers(1, 50 * ONE),
    ),
    max_size=2,
).map(tuple)
lots = st.sampled_from(
    [LotPolicy(), LotPolicy(minimum=7 * ONE, multiple=4 * ONE, maximum=12 * ONE)]
)
policies = st.fixed_dictionaries(
    {
        at(item): st.builds(
            PlanningPolicy,
            st.just("buy" if item == "tube" else "make"),
            safety_stock=st.integers(0, 5 * ONE),
            lot=lots,
            lead=st.integers(0, 15).map(LeadTime),
            fence_days=st.sampled_from([0, 9]),
        )
        for item in ITEMS
    }
)


@given(
    st.dictionaries(origins, st.integers(1, 30 * ONE), max_size=8),
    policies,
    st.fixed_dictionaries({at(item): st.integers(-9 * ONE, 40 * ONE) for item in ITEMS}),
    st.fixed_dictionaries({at(item): supplied for item in ITEMS}),
)
def test_parts_sum_to_every_order_and_to_every_demand(
    wanted: dict[Origin, int],
    policies: dict[ItemSite, PlanningPolicy],
    stock: dict[ItemSite, int],
    supplies: dict[ItemSite, tuple[Supply, ...]],
) -> None:
    demands: Demands = {at(item): [] for item in ITEMS}
    for origin, units in wanted.items():
        demands[at(origin.item)].append((origin, units))
    found = pegged(demands, policies, stock, supplies)
    assert set(found) == set(demands)
    for key, pegs in found.items():
        given_ = Counter[Origin]()
        for place, source in enumerate(pegs.sources):
            parts = pegs.parts_of(place)
            assert sum(part.quantity for part in parts) == source.quantity
            assert all(part.quantity > 0 for part in parts)
            traced = list(trace(parts, found))
            assert sum(part.quantity for part in traced) == source.quantity
            assert not any(part.origin.kind == "order" for part in traced)
            for part in parts:
                given_[part.origin] += part.quantity
        for bucket in range(HORIZON.weeks):
            weeks = pegs.covers_of(bucket)
            assert sum(part.quantity for part, _ in weeks) == pegs.position.netting.gross[bucket]
            for part, covers in weeks:
                # What is planned from bills is explained to the last unit, and the same both ways.
                assert part.origin.kind != "other", key
                covered = sum(cover.part.quantity for cover in covers)
                assert covered == given_[part.origin] <= part.quantity


@given(st.integers(0, 2**40))
@example(15783249)  # two lines of one component in a week, one of which takes an alternate
def test_through_phantoms_yields_dates_and_alternates_parts_sum_as_well(seed: int) -> None:
    dice = random.Random(seed)
    made = model(dice)
    given_ = {key: position(dice) for key in made.keys}
    plans = replan(made.keys, made.bill, made.policies, given_, {}, WEEKS)

    def wanted(key: ItemSite) -> Callable[[int], list[Part]]:
        return lambda bucket: [
            Part(Origin("baseline", key.item, "north", day), (), units)
            for day, units in given_[key].demand
            if units and WEEKS.bucket(day) == bucket
        ]

    found = peg(
        made.bill,
        made.policies,
        {
            key: PlannedPosition(plan.netting, WEEKS, given_[key].supplies, {}, wanted(key))
            for key, plan in plans.items()
        },
    )
    for key, pegs in found.items():
        for place, source in enumerate(pegs.sources):
            traced = list(trace(pegs.parts_of(place), found))
            assert sum(part.quantity for part in traced) == source.quantity
        for bucket, gross in enumerate(pegs.position.netting.gross):
            parts = pegs.wanted_in(bucket)
            assert sum(part.quantity for part in parts) == gross
            assert all(part.origin.kind != "other" for part in parts), key
