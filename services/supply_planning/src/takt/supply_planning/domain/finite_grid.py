"""From a grid to a finite model, and back from a finite plan to planned orders.

A grid counts whole millionths and looks up each week's release; a finite model counts base units
and whole weeks of lead time: the longest that any week of its row has, and all of them where not
even the last week can be reached. What is owed already (stock below nothing) is demand of the first
week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from takt.supply_planning.domain import capacity
from takt.supply_planning.domain.capacity import Floats, Integers, Resource, Routings, routings
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan
from takt.supply_planning.domain.grid.lots import FIXED, PERIOD, Lots
from takt.supply_planning.domain.grid.messages import OpenOrders
from takt.supply_planning.domain.grid.model import Bools, Columns, Grid
from takt.supply_planning.domain.grid.netting import PlannedOrders
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE

VALUE_ADDED = 1.1
"""What made rows are worth at least, in their components: stock is cheapest at the bottom."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What a grid does not know: resources, and rows' operations, weights and costs.

    Args:
        steps: by the caller's key of a row; `rows` are the caller's rows by key.
        weight: of a unit of the row late for a week, shape (rows,), of the caller's rows.
        cost: money in a unit; 0 where it is not known.
    """

    resources: Sequence[Resource]
    steps: Mapping[ItemSite, Sequence[capacity.Operation]]
    rows: Mapping[ItemSite, int]
    weight: Floats
    cost: Floats

    def routings(self, grid: Grid) -> Routings:
        """Operations of the grid's rows. Raises capacity.UnknownResourceError."""
        places = {key: int(grid.place[row]) for key, row in self.rows.items() if key in self.steps}
        return routings(places, self.resources, self.steps)


@dataclass(frozen=True, slots=True)
class Deliveries(Columns):
    """What can be delivered of demand, as columns, each shape (deliveries,), by row and week.

    Args:
        row: the caller's.
        quantity: in millionths.
    """

    row: Integers
    bucket: Integers
    quantity: Floats


def finite_model(grid: Grid, shop: Shop, open_orders: OpenOrders, horizon: Horizon) -> FiniteModel:
    """The model of a grid. What is firm and made here is kept as a start, with its load."""
    weeks, rows = grid.weeks, len(grid.place)
    stands = open_orders.firm & grid.rows.made[open_orders.row]
    coming = ~stands
    receipts, fixed = np.zeros((rows, weeks)), np.zeros((rows, weeks))
    place = open_orders.row[coming], open_orders.bucket[coming]
    np.add.at(receipts, place, open_orders.quantity[coming] / ONE)
    np.add.at(fixed, (grid.started.row, grid.started.bucket), grid.started.quantity / ONE)
    owed = grid.demand.copy()
    owed[0] -= np.minimum(grid.rows.on_hand, 0.0)
    demanded = np.flatnonzero(owed.any(axis=0))
    steps, resources = shop.routings(grid), shop.resources
    lines = grid.lines
    minimum, multiple = minimum_and_multiple(grid.rows.lots)
    return FiniteModel(
        lead=_weeks_of_lead(grid),
        fence=grid.rows.fence,
        stock=np.maximum(grid.rows.on_hand, 0.0) / ONE,
        safety=grid.rows.safety_stock / ONE,
        value=_values(grid, shop.cost[grid.order]),
        receipts=receipts,
        fixed=fixed,
        parent=lines.parent,
        component=lines.component,
        factor=lines.numerator / lines.denominator,
        steps=steps,
        demand_row=demanded,
        weight=shop.weight[grid.order][demanded],
        demand=owed[:, demanded].T / ONE,
        capacity=np.array([each.minutes(horizon) for each in resources]).reshape(-1, weeks),
        overtime=np.array([[each.overtime] * weeks for each in resources]).reshape(-1, weeks),
        overtime_cost=np.array([each.overtime_cost for each in resources]),
        lot_minimum=minimum / ONE,
        lot_multiple=np.where(multiple > 1, multiple / ONE, 0.0),
    )


def _weeks_of_lead(grid: Grid) -> Integers:
    offset: Integers = (np.arange(grid.weeks) - grid.leads.release).max(axis=1)
    offset[grid.leads.due_on[:, -1] < grid.leads.earliest] = grid.weeks
    return offset[grid.rows.lead]


def minimum_and_multiple(lots: Lots) -> tuple[Floats, Floats]:
    """Lot rules as a minimum and a multiple, in millionths, each shape (rows,)."""
    in_whole = _fixed_as_multiple(lots)
    return lots.least, np.where(in_whole, lots.quantity, lots.multiple)


def rules_left_out(lots: Lots) -> dict[str, Bools]:
    """Lot rules that are more than a minimum and a multiple, and the rows that have them."""
    return {
        "lot_maximum": np.isfinite(lots.maximum),
        "lot_rule period": (lots.rule == PERIOD) & (lots.periods > 1),
        "lot_rule fixed": (lots.rule == FIXED) & ~_fixed_as_multiple(lots),
    }


def _fixed_as_multiple(lots: Lots) -> Bools:
    fits = (np.fmod(lots.quantity, lots.multiple) == 0) & (lots.minimum <= lots.quantity)
    found: Bools = (lots.rule == FIXED) & fits
    return found


def _values(grid: Grid, cost: Floats) -> Floats:
    """What a unit is worth: its cost, and more than its components; 1 where nothing is known."""
    value = np.where(cost > 0, cost, 1.0)
    factor = grid.lines.numerator / grid.lines.denominator
    for level in reversed(grid.levels):
        here = (grid.lines.parent >= level.start) & (grid.lines.parent < level.stop)
        parts = np.zeros_like(value)
        worth = factor[here] * value[grid.lines.component[here]]
        np.add.at(parts, grid.lines.parent[here], worth)
        value = np.maximum(value, VALUE_ADDED * parts)
    return value


def rough_cut(grid: Grid, orders: PlannedOrders) -> capacity.PlannedOrders:
    """Planned orders, then firm ones, as their load is counted: rows of the grid, units, lots."""
    row, firm = grid.place[orders.row], grid.started
    lots = np.ceil(orders.quantity / grid.rows.lots.largest[row])
    due = firm.bucket + _weeks_of_lead(grid)[firm.row]
    return capacity.PlannedOrders(
        row=np.concatenate([row, firm.row]),
        release=np.concatenate([orders.release.astype(np.int64), firm.bucket]),
        due=np.concatenate([orders.bucket.astype(np.int64), due]),
        quantity=np.concatenate([orders.quantity, firm.quantity]) / ONE,
        # Without a largest lot, and when firm, it is one.
        lots=np.concatenate([np.maximum(lots, 1).astype(np.int64), np.ones_like(firm.row)]),
    )


def finite_orders(grid: Grid, plan: FinitePlan, horizon: Horizon) -> PlannedOrders:
    """What a finite plan starts anew, as planned orders; below a millionth is none."""
    started = np.rint((plan.started - plan.model.fixed) * ONE)
    row, week = np.nonzero(started > 0)
    bucket = np.minimum(week + plan.model.lead[row], grid.weeks - 1)
    mondays = np.array([day.toordinal() for day in horizon.mondays])
    return PlannedOrders(
        row=grid.order[row].astype(np.int32),
        bucket=bucket.astype(np.int32),
        quantity=started[row, week],
        release=week.astype(np.int32),
        due_on=grid.leads.due_on[grid.rows.lead[row], bucket].astype(np.int32),
        release_on=np.maximum(mondays[week], horizon.today.toordinal()).astype(np.int32),
    )


def deliveries(grid: Grid, plan: FinitePlan) -> Deliveries:
    """What a finite plan delivers of the grid's demand; what is late at the end is left out.

    What was owed before is served first, and is none of it.
    """
    demanded = plan.model.demand_row
    owed = np.maximum(-grid.rows.on_hand[demanded], 0.0)
    served = np.rint(np.cumsum(plan.delivered, axis=1) * ONE) - owed[:, np.newaxis]
    units = np.diff(np.maximum(served, 0.0), axis=1, prepend=0.0)
    place, bucket = np.nonzero(units > 0)
    return Deliveries(grid.order[demanded[place]], bucket, units[place, bucket])
