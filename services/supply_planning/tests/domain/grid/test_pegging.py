"""S11 at scale: whom many orders are for, at once."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.grid.model import Ints
from takt.supply_planning.domain.grid.netting import GridPlan, plan_grid
from takt.supply_planning.domain.grid.nouns import grid_of
from takt.supply_planning.domain.grid.pegging import (
    AFTER_HORIZON,
    PLANNED,
    Served,
    Spent,
    served,
)
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import PlanningPolicy, Supply
from takt.supply_planning.domain.orders import planned_id
from takt.supply_planning.domain.plan import ItemSite, Position
from takt.supply_planning.domain.quantity import ONE

from .models import HORIZON, WEDNESDAY, Company, companies

BIKE, CART, WHEEL = (ItemSite(item, "east") for item in ("bike", "cart", "wheel"))
WEEK = timedelta(weeks=1)


def planned(company: Company, *, moving: bool = False) -> GridPlan:
    return plan_grid(
        grid_of(company.bill, company.policies, company.positions, HORIZON, moving=moving)
    )


def begun(company: Company) -> Ints:
    """The receipt of each order that is still to start, as `grid_of` lays both out."""
    receipts: dict[object, int] = {}
    starts = []
    for key in company.policies:
        for supply in company.positions.get(key, Position()).supplies:
            place = (key, supply.order_id)
            if HORIZON.bucket(supply.due) is not None:
                receipts[place] = len(receipts)
            release = max(supply.release or supply.due, HORIZON.today)
            if (
                supply.kind == "firm"
                and company.policies[key].source != "buy"
                and HORIZON.bucket(release) is not None
            ):
                starts.append(place)
    return np.array([receipts.get(place, AFTER_HORIZON) for place in starts], np.int64)


def spent(*each: tuple[int, int, int, int, float]) -> Spent:
    group, row, bucket, receipt, amount = zip(*each, strict=True)
    return Spent(
        np.array(group), np.array(row), np.array(bucket), np.array(receipt), np.array(amount)
    )


def told(found: Served, group: int = 0) -> dict[tuple[int, int], float]:
    mine = found.group == group
    cells = zip(found.row[mine].tolist(), found.bucket[mine].tolist(), strict=True)
    return dict(zip(cells, found.amount[mine].tolist(), strict=True))


def company(bike: Position, cart: Position | None = None, **wheel: int) -> Company:
    """Bikes of two wheels and carts of four, begun a week before, bikes in lots of 4."""
    lot, lead = LotPolicy(minimum=3 * ONE, multiple=4 * ONE), LeadTime(days=7)
    return Company(
        BillOfMaterial([BillLine("bike", "wheel", 2 * ONE), BillLine("cart", "wheel", 4 * ONE)]),
        {
            BIKE: PlanningPolicy("make", lot=lot, lead=lead),
            CART: PlanningPolicy("make", lead=lead),
            WHEEL: PlanningPolicy("make", safety_stock=wheel.get("safety", 0) * ONE),
        },
        {
            BIKE: bike,
            CART: cart or Position(),
            WHEEL: Position(on_hand=wheel.get("on_hand", 0) * ONE),
        },
    )


def test_an_order_is_for_what_its_stretch_covers_and_the_rest_of_a_lot_for_stock() -> None:
    """12 bikes wanted, 2 there: of a lot of 12 bikes 10 are wanted; 22 wheels begun for all 12."""
    model = company(Position(2 * ONE, (), ((WEDNESDAY + 3 * WEEK, 12 * ONE),)), on_hand=7, safety=5)
    found = served(
        planned(model),
        spent((0, 0, 3, PLANNED, 1200), (1, 2, 2, PLANNED, 2200), (1, 0, 3, PLANNED, 600)),
        begun(model),
    )
    assert told(found, 0) == {(0, 3): pytest.approx(1000)}
    assert told(found, 1) == {(0, 3): pytest.approx(2200 * 10 / 12 + 500)}
    assert found.stock == pytest.approx([200, 2200 * 2 / 12 + 100])
    assert found.owed.tolist() == [0, 0]


def test_those_who_want_it_in_the_same_week_share_it_and_stock_below_zero_is_owed() -> None:
    """Wheels: 4 owed, 5 kept, 16 for bikes, 8 for carts: 33 in one order of week 0."""
    model = company(
        Position(0, (), ((WEDNESDAY + WEEK, 8 * ONE),)),
        Position(0, (), ((WEDNESDAY + WEEK, 2 * ONE),)),
        on_hand=-4,
        safety=5,
    )
    plan = planned(model)
    wheels = int(plan.grid.place[2])
    assert plan.planned[0, wheels] == 33 * ONE
    found = served(plan, spent((0, wheels, 0, PLANNED, 330)), begun(model))
    bikes, carts = plan.grid.place[:2].tolist()
    assert told(found) == {(bikes, 1): pytest.approx(160), (carts, 1): pytest.approx(80)}
    assert (found.stock[0], found.owed[0]) == (pytest.approx(50), pytest.approx(40))


def test_a_firm_order_is_for_those_whom_it_covers_and_so_is_what_it_takes() -> None:
    """8 firm bikes for 6 in week 2 and 1 in week 4, one too many; wheels are begun for them."""
    firm = Supply(planned_id(BIKE, WEDNESDAY), "firm", WEDNESDAY + 2 * WEEK, 8 * ONE, WEDNESDAY)
    wanted = ((WEDNESDAY + 2 * WEEK, 6 * ONE), (WEDNESDAY + 4 * WEEK, ONE))
    model = company(Position(0, (firm,), wanted))
    plan = planned(model)
    bikes, _, wheels = plan.grid.place.tolist()
    for moving in (True, False):
        found = served(
            planned(model, moving=moving),
            spent((0, bikes, 0, 0, 80), (1, wheels, 0, PLANNED, 160)),
            begun(model),
        )
        for group, times in ((0, 1), (1, 2)):
            assert told(found, group) == {
                (bikes, 2): pytest.approx(60 * times),
                (bikes, 4): pytest.approx(10 * times),
            }
            assert found.stock[group] == pytest.approx(10 * times)


def test_nothing_spent_is_for_nobody() -> None:
    none = np.empty(0, np.int64)
    model = company(Position())
    found = served(planned(model), Spent(none, none, none, none, np.empty(0)), begun(model))
    assert (len(found.amount), len(found.stock)) == (0, 0)


def every_order(plan: GridPlan) -> Spent:
    """Each order of what is planned and of what is open as much as its quantity, by its row."""
    bucket, row = np.nonzero(plan.planned)
    receipts = plan.grid.receipts
    return Spent(
        group=np.concatenate([row, receipts.row]),
        row=np.concatenate([row, receipts.row]),
        bucket=np.concatenate([bucket, receipts.bucket]),
        receipt=np.concatenate([np.full(len(row), PLANNED), np.arange(len(receipts.row))]),
        amount=np.concatenate([plan.planned[bucket, row], receipts.quantity]),
    )


@settings(max_examples=30)
@given(companies())
def test_what_is_spent_is_for_demand_stock_or_what_is_owed_and_nothing_is_lost(
    company: Company,
) -> None:
    for moving in (True, False):
        plan = planned(company, moving=moving)
        every = every_order(plan)
        found = served(plan, every, begun(company))
        groups = len(found.stock)
        total = np.bincount(found.group, found.amount, groups) + found.stock + found.owed
        assert total == pytest.approx(np.bincount(every.group, every.amount, groups), abs=1e-6)
        assert (found.amount >= 0).all()
        assert (plan.grid.demand[found.bucket, found.row] > 0).all()


@settings(max_examples=30)
@given(companies())
def test_a_row_serves_of_its_own_demand_what_stock_does_not_and_never_more(
    company: Company,
) -> None:
    plan = planned(company)
    found = served(plan, every_order(plan), begun(company))
    own = found.group == found.row
    direct = np.zeros_like(plan.grid.demand)
    np.add.at(direct, (found.bucket[own], found.row[own]), found.amount[own])
    # What each line takes is rounded up to a millionth by itself.
    assert (direct <= plan.grid.demand + len(plan.grid.lines.parent) + 1e-3).all()
    ready = (plan.grid.rows.on_hand <= 0) & (plan.projected()[-1] >= plan.grid.rows.safety_stock)
    alone = ready & ~np.isin(np.arange(len(ready)), plan.grid.lines.component)
    # Without stock and with all wants met, orders cover every demand whole.
    assert direct[:, alone] == pytest.approx(plan.grid.demand[:, alone])
