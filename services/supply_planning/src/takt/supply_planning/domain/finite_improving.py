"""Improving a plan by linear programmes of a few items each, all others staying as they are.

The latest streams come first, with all that is made for them. The plan as it is, is a solution of
each programme, so that lateness only falls: it can end after any of them.

Source: relax-and-fix and its repairs, Pochet and Wolsey, Production Planning by Mixed Integer
Programming (2006), ch. 3.6.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from takt.supply_planning.domain.capacity import TOLERANCE, Floats, Integers, Routings
from takt.supply_planning.domain.finite_control import Watch
from takt.supply_planning.domain.finite_loading import Shape
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan
from takt.supply_planning.domain.finite_optimum import optimum
from takt.supply_planning.domain.finite_shortage import InfeasiblePlanError

MADE_AT_ONCE, SHARE_AT_ONCE = 160, 0.1
"""Made rows from which on a programme takes no more, and their share of all: fewer see too little
of what others could do for them, and more than a tenth of a company takes too long."""
ENOUGH = 0.002
"""A pass over all late streams that gains less than this share is the last."""


def improved(shape: Shape, plan: FinitePlan, watch: Watch, seconds: float) -> FinitePlan:
    """A plan that is not later: the best that is found in time.

    Args:
        shape: the model.
        plan: a plan without setups.
        watch: cancels, limits, is told.
        seconds: how long to look, if that is before the watch's limit.
    """
    began = watch.clock()
    limit = min(watch.limit, began + seconds)
    mine = replace(watch, limit=limit, progress=lambda *_: None)
    state = _State(shape, plan)
    before = float("inf")
    while mine.left() and (late := state.late()).sum() < before * (1 - ENOUGH):
        before = late.sum()
        order = np.argsort(-late, kind="stable")
        for streams, rows in _groups(shape, order[late[order] > TOLERANCE]):
            watch.tell("improving", min((watch.clock() - began) / max(limit - began, 1e-9), 1.0))
            if not mine.left():
                break
            state.improve(streams, rows, mine)
    return FinitePlan.of(plan.model, state.started, state.delivered)


def _groups(shape: Shape, streams: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Streams and all rows below them, as many as one programme takes."""
    model, taken = shape.model, list[int]()
    most = min(MADE_AT_ONCE, SHARE_AT_ONCE * model.made.sum())
    rows = np.zeros(0, dtype=np.int64)
    for stream in streams.tolist():
        taken.append(stream)
        rows = np.union1d(rows, shape.below(model.demand_row[[stream]]).rows)
        if model.made[rows].sum() >= most:
            yield np.array(taken), rows
            taken, rows = [], np.zeros(0, dtype=np.int64)
    if taken:
        yield np.array(taken), rows


class _State:
    """A plan that is improved part by part, and what it draws, loads and delivers in all."""

    def __init__(self, shape: Shape, plan: FinitePlan) -> None:
        self.shape, self.model = shape, plan.model
        self.started, self.delivered = plan.started.copy(), plan.delivered.copy()
        model = self.model
        self.gone = model.draws(self.started)
        np.add.at(self.gone, model.demand_row, self.delivered)
        self.load = model.load(self.started)

    def late(self) -> Floats:
        """Lateness of each stream, shape (streams,)."""
        backlog = np.cumsum(self.model.demand - self.delivered, axis=1)
        late: Floats = self.model.weight * np.maximum(backlog, 0.0).sum(axis=1)
        return late

    def improve(self, streams: Integers, rows: Integers, watch: Watch) -> None:
        """Plan some streams and all rows below them anew, with what all others leave."""
        part, resources = self._part(streams, rows)
        self._count(part, streams, rows, resources, -1.0)
        try:
            found = optimum(self._left(part, rows, resources), watch).plan
        except InfeasiblePlanError:
            # What others leave is less by rounding than what stands in this part: it stays.
            found = None
        if found is not None:
            made = part.made
            self.started[rows[made]] = found.started[made]
            self.delivered[streams] = found.delivered
        self._count(part, streams, rows, resources, 1.0)

    def _count(
        self, part: FiniteModel, streams: Integers, rows: Integers, used: Integers, sign: float
    ) -> None:
        """Add what a part draws, delivers and loads, or take it out."""
        gone = part.draws(self.started[rows])
        np.add.at(gone, part.demand_row, self.delivered[streams])
        self.gone[rows] += sign * gone
        self.load[used] += sign * part.load(self.started[rows])

    def _part(self, streams: Integers, rows: Integers) -> tuple[FiniteModel, Integers]:
        """Some streams and rows as a model of their own, and the resources that it uses."""
        whole = self.model
        local = np.full(whole.rows, -1)
        local[rows] = np.arange(len(rows))
        lines, steps = self.shape.lines(rows), self.shape.steps(rows)
        table = whole.steps
        resources, resource = np.unique(table.resource[steps], return_inverse=True)
        part = replace(
            whole,
            lead=whole.lead[rows],
            fence=whole.fence[rows],
            stock=whole.stock[rows],
            safety=whole.safety[rows],
            value=whole.value[rows],
            receipts=whole.receipts[rows],
            fixed=whole.fixed[rows],
            lot_minimum=whole.lot_minimum[rows],
            lot_multiple=whole.lot_multiple[rows],
            parent=local[whole.parent[lines]],
            component=local[whole.component[lines]],
            factor=whole.factor[lines],
            steps=Routings(
                local[table.row[steps]],
                resource,
                table.place[steps],
                table.of[steps],
                table.minutes[steps],
                table.setup[steps],
            ),
            demand_row=local[whole.demand_row[streams]],
            weight=whole.weight[streams],
            demand=whole.demand[streams],
            capacity=whole.capacity[resources],
            overtime=whole.overtime[resources],
            overtime_cost=whole.overtime_cost[resources],
        )
        return part, resources

    def _left(self, part: FiniteModel, rows: Integers, resources: Integers) -> FiniteModel:
        """A part with what all others leave of material and minutes."""
        free = part.capacity - self.load[resources]
        return replace(
            part,
            receipts=part.receipts - self.gone[rows],
            capacity=np.maximum(free, 0.0),
            overtime=np.maximum(part.overtime + np.minimum(free, 0.0), 0.0),
        )
