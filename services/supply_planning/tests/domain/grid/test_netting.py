from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.grid.exact import QuantityTooLargeError
from takt.supply_planning.domain.grid.levels import CycleError
from takt.supply_planning.domain.grid.model import Grid, spread
from takt.supply_planning.domain.grid.netting import GridPlan, plan_grid
from takt.supply_planning.domain.grid.nouns import grid_of
from takt.supply_planning.domain.lots import LotPolicy, lots
from takt.supply_planning.domain.netting import PlanningPolicy
from takt.supply_planning.domain.plan import ItemSite, Position, replan
from takt.supply_planning.domain.quantity import ONE

from .models import HORIZON, WEDNESDAY, Company, companies


def grid(company: Company, *, moving: bool = True) -> Grid:
    return grid_of(company.bill, company.policies, company.positions, HORIZON, moving=moving)


def column(plan: GridPlan, company: Company, key: ItemSite) -> int:
    return int(plan.grid.place[list(company.policies).index(key)])


@settings(max_examples=40)
@given(companies())
def test_everything_at_once_is_planned_to_the_unit_as_item_by_item(company: Company) -> None:
    plan = plan_grid(grid(company))
    projected, orders = plan.projected(), plan.orders()
    exact = replan(company.policies, company.bill, company.policies, company.positions, {}, HORIZON)
    for key, expected in exact.items():
        place = column(plan, company, key)
        assert tuple(plan.gross[:, place]) == expected.netting.gross
        assert tuple(plan.planned[:, place]) == expected.netting.planned
        assert tuple(projected[:, place]) == expected.netting.projected
        assert list(plan.started[:, place]) == HORIZON.spread(expected.releases)
        mine = np.flatnonzero(orders.row == list(company.policies).index(key))
        assert [
            (int(orders.bucket[n]), orders.due_on[n], orders.release_on[n], orders.quantity[n])
            for n in mine
        ] == [
            (order.bucket, order.due.toordinal(), order.release.toordinal(), order.quantity)
            for order in expected.netting.orders
        ]


@settings(max_examples=25)
@given(companies(dated=False))
def test_at_every_level_what_comes_and_goes_is_what_is_left(company: Company) -> None:
    for moving in (True, False):
        plan = plan_grid(grid(company, moving=moving))
        model, projected = plan.grid, plan.projected()
        before = np.vstack([model.rows.on_hand, projected[:-1]])
        scheduled = spread(model.receipts, *plan.gross.shape)
        assert (before + scheduled + plan.planned - plan.gross == projected).all()
        assert (plan.planned >= 0).all()
        needed = model.demand.copy()
        lines = model.lines
        for parent, component, numerator, denominator in zip(
            lines.parent, lines.component, lines.numerator, lines.denominator, strict=True
        ):
            assert parent < component
            for week, quantity in enumerate(plan.started[:, parent]):
                needed[week, component] += -(-int(quantity) * int(numerator) // int(denominator))
        assert (needed == plan.gross).all()


@settings(max_examples=25)
@given(companies())
def test_an_order_that_stays_where_it_is_due_counts_from_then_on(company: Company) -> None:
    plan = plan_grid(grid(company, moving=False))
    scheduled = spread(plan.grid.receipts, *plan.gross.shape)
    for key, policy in company.policies.items():
        place = column(plan, company, key)
        available = company.positions.get(key, Position()).on_hand
        flow = [int(one) for one in plan.gross[:, place] - scheduled[:, place]]
        for week, net_flow in enumerate(flow):
            available -= net_flow
            need = 0
            if week >= policy.fence(HORIZON) and available < policy.safety_stock:
                need = policy.safety_stock - available
                if policy.lot.rule == "period":
                    coming = flow[week + 1 : week + policy.lot.periods]
                    need += max(0, *(sum(coming[:end]) for end in range(len(coming) + 1)))
            ordered = policy.comes_good(sum(lots(policy.to_start(need), policy.lot)))
            assert plan.planned[week, place] == ordered
            available += ordered


EAST = {item: ItemSite(item, "east") for item in ("bike", "wheel", "tube")}


def test_a_plan_by_hand() -> None:
    """Twelve bikes in week 3: two on hand, lots of 4; a week to make; wheels: two, a tenth lost."""
    policies = {
        EAST["wheel"]: PlanningPolicy("buy", safety_stock=5 * ONE),
        EAST["bike"]: PlanningPolicy(
            "make", lot=LotPolicy(minimum=3 * ONE, multiple=4 * ONE), lead=LeadTime(days=7)
        ),
    }
    company = Company(
        BillOfMaterial([BillLine("bike", "wheel", 2 * ONE)]),
        policies,
        {
            EAST["bike"]: Position(2 * ONE, (), ((WEDNESDAY + timedelta(weeks=3), 12 * ONE),)),
            EAST["wheel"]: Position(on_hand=7 * ONE),
        },
    )
    orders = plan_grid(grid(company)).orders()
    found = list(zip(orders.row, orders.bucket, orders.quantity / ONE, orders.release, strict=True))
    assert found == [(0, 2, 22.0, 2), (1, 3, 12.0, 2)]


def test_a_quantity_that_is_not_exact_is_refused() -> None:
    for demand in (ONE * 9_007_199_255, ONE * 10**13):
        company = Company(
            BillOfMaterial([]),
            {EAST["tube"]: PlanningPolicy("buy"), EAST["bike"]: PlanningPolicy("make")},
            {EAST["bike"]: Position(demand=((WEDNESDAY, demand),))},
        )
        with pytest.raises(QuantityTooLargeError, match="1 rows") as refused:
            plan_grid(grid(company))
        assert refused.value.rows == [1]


def test_a_component_whose_share_is_fine_and_whose_parents_are_many_is_exact() -> None:
    company = Company(
        BillOfMaterial([BillLine("bike", "tube", 333_333)]),
        {EAST["bike"]: PlanningPolicy("make"), EAST["tube"]: PlanningPolicy("buy")},
        {EAST["bike"]: Position(demand=((WEDNESDAY, 10**15 + 1),))},
    )
    plan = plan_grid(grid(company))
    assert plan.gross[0, 1] == -(-(10**15 + 1) * 333_333 // 10**6)


def test_rows_that_draw_on_themselves_are_named() -> None:
    company = Company(
        BillOfMaterial([BillLine("bike", "wheel", ONE)]),
        {key: PlanningPolicy("make") for key in EAST.values()},
        {},
    )
    model = grid(company)
    assert [(level.start, level.stop) for level in model.levels] == [(0, 2), (2, 3)]
    from takt.supply_planning.domain.grid.levels import levels_of

    lines = [(0, 1), (1, 2), (2, 1), (3, 3), (2, 4), (5, 0)]
    parent, component = np.array(lines).T
    with pytest.raises(CycleError) as refused:
        levels_of(6, parent, component)
    assert refused.value.cycles == [[1, 2, 1], [3, 3]]


def test_a_lead_time_by_quantity_is_refused() -> None:
    timed = replace(PlanningPolicy("make"), lead=LeadTime(minutes_per_unit=3))
    with pytest.raises(ValueError, match="depends on the quantity"):
        grid(Company(BillOfMaterial([]), {EAST["bike"]: timed}, {}))
