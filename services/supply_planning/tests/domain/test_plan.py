from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply, net
from takt.supply_planning.domain.plan import (
    Gist,
    ItemSite,
    Position,
    explode,
    gist,
    reach,
    replan,
    users,
    why_unchanged,
)
from takt.supply_planning.domain.quantity import ONE

MONDAY = date(2026, 11, 23)
HORIZON = Horizon(MONDAY, weeks=8)
BILL = BillOfMaterial(
    [
        BillLine("bike", "frame", ONE),
        BillLine("bike", "wheel", 2 * ONE),
        BillLine("cart", "wheel", 4 * ONE),
        BillLine("frame", "tube", 3 * ONE),
        BillLine("wheel", "tube", ONE),
    ]
)
MADE, BOUGHT = ("bike", "cart", "frame", "wheel"), "tube"
ITEMS = (*MADE, BOUGHT)


def at(item: str, site: str = "east") -> ItemSite:
    return ItemSite(item, site)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


POLICIES = {
    **{at(item): PlanningPolicy("make", lead=LeadTime(days=7)) for item in MADE},
    at(BOUGHT): PlanningPolicy("buy", lead=LeadTime(days=14)),
}


def test_a_planned_order_is_demand_for_its_components_a_lead_time_before() -> None:
    plans = replan(
        map(at, ITEMS), BILL, POLICIES, {at("bike"): Position(demand=((week(4), 10),))}, {}, HORIZON
    )
    assert plans[at("wheel")].netting.gross[3] == 20
    assert plans[at("frame")].netting.gross[3] == 10
    assert plans[at("tube")].netting.gross[2] == 3 * 10 + 20
    assert plans[at("tube")].netting.orders[0].release == week(0)
    assert sum(plans[at("cart")].netting.gross) == 0


def test_a_firm_planned_order_takes_components_and_a_scheduled_one_has_taken_them() -> None:
    firm = Supply(UUID(int=1), "firm", week(3), 5, week(2))
    scheduled = Supply(UUID(int=2), "scheduled", week(3), 7, week(2))
    position = Position(supplies=(firm, scheduled), demand=((week(3), 12),))
    plans = replan(map(at, ITEMS), BILL, POLICIES, {at("frame"): position}, {}, HORIZON)
    assert plans[at("tube")].netting.gross[2] == 15


def test_only_what_changed_and_what_is_below_it_is_planned() -> None:
    positions = {at("frame"): Position(demand=((week(4), 1),))}
    assert set(replan([at("frame")], BILL, POLICIES, positions, {}, HORIZON)) == {
        at("frame"),
        at("tube"),
    }


def test_a_change_that_orders_nothing_else_stops_there() -> None:
    positions = {at("bike"): Position(on_hand=99, demand=((week(4), 1),))}
    assert set(replan([at("bike")], BILL, POLICIES, positions, {}, HORIZON)) == {at("bike")}


def test_sites_are_planned_apart() -> None:
    assert reach([at("frame", "west")], BILL) == {at("frame", "west"), at("tube", "west")}
    assert users([at("tube", "west")], BILL) == {at("frame", "west"), at("wheel", "west")}


def net_of(demand: int, on_hand: int = 0, policy: PlanningPolicy | None = None) -> Gist:
    gross = [0, demand, *[0] * 6]
    plan = net(gross, on_hand, [], policy or PlanningPolicy("buy"), HORIZON)
    return gist(plan, MONDAY)


def test_a_change_that_stops_says_why() -> None:
    lot = PlanningPolicy("buy", lot=LotPolicy(multiple=100))
    fenced = PlanningPolicy("buy", fence_days=99)
    assert why_unchanged(net_of(3), net_of(4), damped=False) is None
    assert why_unchanged(net_of(3, 9), net_of(4, 9), damped=False) == "stock"
    assert why_unchanged(net_of(3, 0, lot), net_of(4, 0, lot), damped=False) == "lot"
    assert why_unchanged(net_of(3, 0, fenced), net_of(4, 0, fenced), damped=False) == "fence"
    assert why_unchanged(net_of(3, 9), net_of(4, 9), damped=True) == "tolerance"


positions = st.builds(
    Position,
    on_hand=st.integers(-20, 60),
    demand=st.lists(st.tuples(st.integers(0, 9).map(week), st.integers(0, 40)), max_size=4).map(
        tuple
    ),
    supplies=st.lists(
        st.builds(
            Supply,
            st.uuids(version=4),
            st.sampled_from(["firm", "scheduled"]),
            st.integers(-1, 9).map(week),
            st.integers(1, 50),
        ),
        max_size=2,
    ).map(tuple),
)
companies = st.fixed_dictionaries({at(item): positions for item in ITEMS})


@given(companies, companies, st.sets(st.sampled_from(ITEMS)))
def test_planning_again_only_what_changed_gives_the_complete_plan(
    before: dict[ItemSite, Position], after: dict[ItemSite, Position], changed: set[str]
) -> None:
    everything = [at(item) for item in ITEMS]
    now = before | {at(item): after[at(item)] for item in changed}
    old = replan(everything, BILL, POLICIES, before, {}, HORIZON)
    released = {key: plan.releases for key, plan in old.items()}
    partial = replan(map(at, changed), BILL, POLICIES, now, released, HORIZON)
    assert old | partial == replan(everything, BILL, POLICIES, now, {}, HORIZON)
    assert set(partial) <= reach(map(at, changed), BILL)


def test_a_demand_draws_on_every_level_with_scrap_and_stops_at_what_is_bought() -> None:
    bill = BillOfMaterial(
        [
            BillLine("bike", "frame", ONE),
            BillLine("bike", "wheel", 2 * ONE, Decimal("0.2")),
            BillLine("wheel", "tube", ONE),
        ]
    )
    policies = {
        at("bike"): PlanningPolicy("make"),
        at("frame"): PlanningPolicy("make"),
        at("wheel"): PlanningPolicy("buy"),
        at("tube"): PlanningPolicy("buy"),
    }
    wanted = {
        at("bike"): ((week(0), 4 * ONE), (week(9), ONE)),
        at("bike", "moon"): ((week(0), ONE),),
    }
    needed = explode(wanted, bill, policies, HORIZON)
    assert {key.item: sum(weeks) for key, weeks in needed.items()} == {
        "bike": 4 * ONE,
        "frame": 4 * ONE,
        "wheel": 10 * ONE,
    }


@given(
    st.dictionaries(
        st.sampled_from([at(item) for item in ITEMS]),
        st.lists(st.tuples(st.integers(0, 7).map(week), st.integers(0, 10**9)), max_size=4),
    )
)
def test_exploding_is_netting_without_stock_orders_lots_and_lead_times(
    wanted: dict[ItemSite, list[tuple[date, int]]],
) -> None:
    policies = {key: PlanningPolicy(policy.source) for key, policy in POLICIES.items()}
    given_ = {key: Position(demand=tuple(dated)) for key, dated in wanted.items()}
    plans = replan(wanted, BILL, policies, given_, {}, HORIZON)
    needed = explode(wanted, BILL, policies, HORIZON)
    empty = (0,) * HORIZON.weeks
    for item in ITEMS:
        netted = plans[at(item)].netting.gross if at(item) in plans else empty
        assert tuple(needed.get(at(item), empty)) == netted
