"""The finite plan as a linear programme: its columns, its rows, and what it minimises."""

from dataclasses import dataclass, field

import highspy
import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.capacity import Floats, Integers
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan, by_value

SHORT_OF_SAFETY = 10.0
"""What a unit missing from safety stock costs, in units too many."""


@dataclass
class _Entries:
    """The matrix while it is put together."""

    rows: list[Integers] = field(default_factory=list)
    columns: list[Integers] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)

    def add(self, rows: Integers, columns: Integers, values: Floats | float) -> None:
        """Put in values wherever both a row and a column are there."""
        there = (rows >= 0) & (columns >= 0)
        self.rows.append(rows[there])
        self.columns.append(columns[there])
        self.values.append(np.broadcast_to(values, rows.shape)[there])

    def matrix(self, columns: int) -> tuple[Integers, Integers, Floats]:
        """Where each column starts, the row of each entry, its value."""
        row, column = np.concatenate(self.rows), np.concatenate(self.columns)
        value = np.concatenate(self.values)
        order = np.lexsort((row, column))
        return np.searchsorted(column[order], np.arange(columns + 1)), row[order], value[order]


class Programme:
    """The programme. Places of columns and rows are arrays by item or resource and week; -1: none.

    A bought row is balanced only before it can arrive: later it comes when it is needed. Where a
    row has one stream and is nobody's component, what is late is stock below nothing, and
    deliveries need no columns of their own.
    """

    def __init__(self, model: FiniteModel) -> None:
        self.model = model
        weeks = np.arange(model.weeks)
        made, lead = model.made[:, np.newaxis], model.lead[:, np.newaxis]
        soonest = model.soonest[:, np.newaxis]
        balanced = made | (weeks < soonest)
        streams = np.bincount(model.demand_row, minlength=model.rows)
        shared = streams > 1
        shared[model.component] = True
        apart = np.broadcast_to(shared[model.demand_row][:, np.newaxis], model.demand.shape)
        whole = np.ones_like(model.demand, dtype=np.bool_)
        stands = np.zeros(model.rows, dtype=np.bool_)
        stands[model.component[model.fixed[model.parent].any(axis=1)]] = True

        blocks = {
            "start": made & (weeks + lead < model.weeks) & (weeks + lead >= soonest),
            "above": balanced,
            "below": balanced & (model.safety[:, np.newaxis] > 0),
            "late": whole,
            "delivered": apart,
            "over": model.overtime > 0,
            "lacking": balanced & stands[:, np.newaxis],
        }
        places, self.columns = _places(list(blocks.values()))
        self.start, self.above, self.below, self.late, self.delivered, self.over, self.lacking = (
            places
        )
        equations, self.rows = _places([balanced, apart, np.ones_like(model.capacity, np.bool_)])
        self.balance, self.owed, self.worked = equations

    def lp(self) -> highspy.HighsLp:
        """The programme for HiGHS, without an objective."""
        model, entries = self.model, _Entries()
        self._stock(entries)
        self._deliveries(entries)
        self._work(entries)
        flow = model.flow.copy()
        flow[:, 0] += model.stock
        direct = self.owed[:, 0] < 0
        flow[model.demand_row[direct]] -= model.demand[direct]
        right = np.zeros(self.rows)
        for place, value in (
            (self.balance, flow),
            (self.owed, model.demand),
            (self.worked, model.capacity - model.load(model.fixed)),
        ):
            right[place[place >= 0]] = value[place >= 0]
        lower, upper = right.copy(), right
        lower[self.worked] = -highspy.kHighsInf
        most = np.full(self.columns, highspy.kHighsInf)
        most[self.over[self.over >= 0]] = model.overtime[self.over >= 0]
        safe = self.below >= 0
        most[self.below[safe]] = np.broadcast_to(model.safety[:, np.newaxis], safe.shape)[safe]
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_ = np.zeros(self.columns)
        lp.col_lower_, lp.col_upper_ = np.zeros(self.columns), most
        lp.row_lower_, lp.row_upper_ = lower, upper
        starts, rows, values = entries.matrix(self.columns)
        matrix = lp.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.num_col_, matrix.num_row_ = self.columns, self.rows
        matrix.start_, matrix.index_ = starts.astype(np.int32), rows.astype(np.int32)
        matrix.value_ = values
        return lp

    def _stock(self, entries: _Entries) -> None:
        # stock(t) - stock(t-1) - arrivals + draws = receipts
        model, weeks = self.model, self.model.weeks
        for level in (self.above, self.below):
            entries.add(self.balance, level, 1.0)
            entries.add(self.balance[:, 1:], level[:, :-1], -1.0)
        for lead, rows in by_value(model.lead):
            if lead < weeks:
                arriving = self.start[rows, : weeks - lead]
                entries.add(self.balance[rows, lead:], arriving, -1.0)
        factor = np.repeat(model.factor[:, np.newaxis], weeks, axis=1)
        entries.add(self.balance[model.component], self.start[model.parent], factor)
        entries.add(self.balance, self.lacking, -1.0)

    def _deliveries(self, entries: _Entries) -> None:
        # late(t) - late(t-1) + delivered = demand; put into the balance where it has no row.
        balance = self.balance[self.model.demand_row]
        direct = self.owed < 0
        for row, sign in (
            (self.owed, 1.0),
            (np.where(direct, balance, -1), -1.0),
        ):
            entries.add(row, self.late, sign)
            entries.add(row[:, 1:], self.late[:, :-1], -sign)
        entries.add(self.owed, self.delivered, 1.0)
        entries.add(balance, self.delivered, 1.0)

    def _work(self, entries: _Entries) -> None:
        model, steps = self.model, self.model.steps
        for after, each in by_value(model.after):
            if after < model.weeks:
                started = self.start[steps.row[each], : model.weeks - after]
                worked = self.worked[steps.resource[each], after:]
                entries.add(worked, started, steps.minutes[each, np.newaxis])
        entries.add(self.worked, self.over, -1.0)

    def costs(self) -> dict[str, Floats]:
        """What is minimised, in order; what stands and lacks something comes first."""
        model = self.model
        weight = np.repeat(model.weight[:, np.newaxis], model.weeks, axis=1)
        money = np.repeat(model.overtime_cost[:, np.newaxis], model.weeks, axis=1)
        value = np.repeat(model.value[:, np.newaxis], model.weeks, axis=1)
        stock = self._cost(self.above, value) - SHORT_OF_SAFETY * self._cost(self.below, value)
        objectives = {
            "lateness": self._cost(self.late, weight),
            "overtime": self._cost(self.over, money),
            "stock": stock,
        }
        lacking = {"orders that stand": self._cost(self.lacking, np.ones_like(value))}
        return (lacking if (self.lacking >= 0).any() else {}) | objectives

    def _cost(self, places: Integers, each: Floats) -> Floats:
        cost = np.zeros(self.columns)
        cost[places[places >= 0]] = each[places >= 0]
        return cost

    def lack(self, values: Floats) -> Floats:
        """What orders that stand miss of components, shape (rows, weeks)."""
        return _read(self.lacking, values)

    def plan(self, values: Floats) -> FinitePlan:
        """The plan that the columns' values say."""
        model = self.model
        late = _read(self.late, values)
        delivered = np.maximum(model.demand - np.diff(late, axis=1, prepend=0.0), 0.0)
        started = np.maximum(_read(self.start, values), 0.0) + model.fixed
        return FinitePlan.of(model, started, delivered)


def _read(places: Integers, values: Floats) -> Floats:
    return np.where(places >= 0, values[places], 0.0)


def _places(there: list[npt.NDArray[np.bool_]]) -> tuple[list[Integers], int]:
    """Numbers in sequence wherever something is there, -1 elsewhere; and how many there are."""
    found, first = [], 0
    for block in there:
        places = np.full(block.shape, -1, dtype=np.int64)
        count = int(block.sum())
        places[block] = np.arange(first, first + count)
        found.append(places)
        first += count
    return found, first
