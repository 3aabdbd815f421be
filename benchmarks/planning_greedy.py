"""The plain pass that finite plans are compared with: demand after demand, by due date.

Each takes stock first; what is missing is made as late as there is capacity for it, its components
before it in the same way; what cannot be there on its due date is made in the first week after it
that has room and material. Nothing is moved once it is placed. Lots and setups are left out.
"""

from collections import defaultdict

import numpy as np

from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan

NOTHING = 1e-9


class _Greedy:
    def __init__(self, model: FiniteModel) -> None:
        self.model, self.weeks = model, model.weeks
        self.room = model.capacity + model.overtime - model.load(model.fixed)
        self.free = model.free.copy()
        self.started = model.fixed.copy()
        self.delivered = np.zeros_like(model.demand)
        self.lead = model.lead.tolist()
        self.made = model.made.tolist()
        self.parts: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for parent, part, factor in zip(
            model.parent.tolist(), model.component.tolist(), model.factor.tolist(), strict=True
        ):
            self.parts[parent].append((part, factor))
        self.steps: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
        steps = model.steps
        for row, resource, after, minutes in zip(
            steps.row.tolist(),
            steps.resource.tolist(),
            model.after.tolist(),
            steps.minutes.tolist(),
            strict=True,
        ):
            if minutes > 0:
                self.steps[row].append((resource, after, minutes))

    def take(self, row: int, quantity: float, due: int, first: int = 0) -> float:
        """How much of a quantity can be had by a week; it is taken, and made where it must be.

        Args: first: the first week in which it may be started.
        """
        taken = min(quantity, max(float(self.free[row, due:].min()), 0.0))
        if quantity - taken > NOTHING:
            taken += self.make(row, quantity - taken, due, first)
        self.free[row, due:] -= taken
        return taken

    def make(self, row: int, quantity: float, due: int, first: int) -> float:
        """How much of a quantity is started in time, the latest weeks first."""
        lead, left = self.lead[row], quantity
        if not self.made[row]:
            if due - lead < first:
                return 0.0
            self.start(row, quantity, due - lead)
            return quantity
        for week in range(due - lead, first - 1, -1):
            fits = self.fits(row, left, week)
            if fits <= NOTHING:
                continue
            had = [self.take(part, fits * factor, week) for part, factor in self.parts[row]]
            there = min(
                (one / factor for one, (_, factor) in zip(had, self.parts[row], strict=True)),
                default=fits,
            )
            # Its components may have taken the room.
            there = self.fits(row, there, week)
            for one, (part, factor) in zip(had, self.parts[row], strict=True):
                self.free[part, week:] += one - there * factor
            self.start(row, there, week)
            left -= there
            if left <= NOTHING or there < fits - NOTHING:
                break
        return quantity - left

    def fits(self, row: int, quantity: float, week: int) -> float:
        """How much of a quantity resources have room for when it is started in a week."""
        for resource, after, minutes in self.steps[row]:
            if week + after < self.weeks:
                quantity = min(quantity, self.room[resource, week + after] / minutes)
        return quantity

    def start(self, row: int, quantity: float, week: int) -> None:
        """Load the resources, and have it in stock a lead time later."""
        self.started[row, week] += quantity
        for resource, after, minutes in self.steps[row]:
            if week + after < self.weeks:
                self.room[resource, week + after] -= quantity * minutes
        self.free[row, week + self.lead[row] :] += quantity

    def deliver(self, stream: int, due: int) -> None:
        """Deliver a demand on its due date, and what cannot be by then as soon as it can be."""
        row, left = int(self.model.demand_row[stream]), float(self.model.demand[stream, due])
        for week in range(due, self.weeks):
            if left <= NOTHING:
                return
            first = 0 if week == due else max(week - self.lead[row], 0)
            had = self.take(row, left, week, first)
            self.delivered[stream, week] += had
            left -= had


def greedy(model: FiniteModel) -> FinitePlan:
    """Place every demand by due date."""
    pass_ = _Greedy(model)
    for due in range(model.weeks):
        for stream in np.flatnonzero(model.demand[:, due] > 0):
            pass_.deliver(int(stream), due)
    return FinitePlan.of(model, pass_.started, pass_.delivered)
