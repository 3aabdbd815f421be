"""Which parents take an alternate of a component that cannot be there in time.

A line is settled week by week, the earliest first, as far as a new order of its component cannot
reach yet (its lead time and its planning time fence). What stock and open orders, on their dates,
leave short in such a week goes to the alternates of the lines that need the component in it, in the
order of preference: to each as much as it can spare. An alternate spares what it has above its own
demand and its safety stock until a new order of it can arrive, and anything from then on. What no
alternate can spare stays with the component. In every week and line, what takes the component and
what takes alternates is together what was released of the parent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from takt.supply_planning.domain.bom import BillLine
from takt.supply_planning.domain.calendar import release_date
from takt.supply_planning.domain.netting import (
    Horizon,
    PlanningPolicy,
    StandIn,
    Supply,
    due_dates,
)


@dataclass(slots=True)
class Left:
    """What stock and open orders leave of an item by the end of each week, shape (weeks,).

    Args:
        weeks: cumulative, after all demand that falls to the item; below zero is short.
        reach: the first week that a new order can reach.
        safety_stock: what it keeps for itself.
    """

    weeks: list[int]
    reach: int
    safety_stock: int

    @classmethod
    def of(
        cls,
        gross: Sequence[int],
        on_hand: int,
        supplies: Iterable[Supply],
        policy: PlanningPolicy,
        horizon: Horizon,
    ) -> "Left":
        """What is left of an item before anything stands in for anything."""
        received = horizon.spread((supply.due, supply.quantity) for supply in supplies)
        flow = (come - gone for come, gone in zip(received, gross, strict=True))
        weeks = list(accumulate(flow, initial=on_hand))[1:]
        return cls(weeks, first_reached(policy, horizon), policy.safety_stock)

    def spare(self, bucket: int) -> int | None:
        """What it can give away in a week; None is any quantity, as it can be ordered in time."""
        if bucket >= self.reach:
            return None
        return max(min(self.weeks[bucket : self.reach]) - self.safety_stock, 0)

    def take(self, bucket: int, quantity: int) -> None:
        """Less, from a week on; more for a quantity below zero."""
        for later in range(bucket, len(self.weeks)):
            self.weeks[later] -= quantity


def first_reached(policy: PlanningPolicy, horizon: Horizon) -> int:
    """The first week that an order released today can reach; fixed lead times alone count."""
    for bucket, due in enumerate(due_dates(policy.receiving, horizon)):
        if (
            bucket >= policy.fence(horizon)
            and release_date(due, policy.lead, 0, policy.work) >= horizon.today
        ):
            return bucket
    return horizon.weeks


def stand_in(
    wanted: Iterable[tuple[BillLine, Sequence[int]]], left: Mapping[str, Left], horizon: Horizon
) -> tuple[StandIn, ...]:
    """What moves from components to alternates.

    Args:
        wanted: lines that have alternates, each with what is released of its parent, shape
            (weeks,).
        left: of every item among them that is planned; the others can neither give nor take.
            Is changed to what is left after it.
        horizon: the weeks.
    """
    lines = [(line, parents) for line, parents in wanted if line.component in left]
    moved = []
    for bucket in range(horizon.weeks):
        for line, parents in lines:
            own = left[line.component]
            if not parents[bucket] or bucket >= own.reach or own.weeks[bucket] >= 0:
                continue
            for move in _moves(line, bucket, parents[bucket], left):
                own.take(bucket, -move.spared)
                left[move.alternate].take(bucket, move.taken)
                moved.append(move)
    return tuple(moved)


def _moves(
    line: BillLine, bucket: int, parents: int, left: Mapping[str, Left]
) -> Iterable[StandIn]:
    short = -left[line.component].weeks[bucket]
    needed = line.required(parents)
    kept = parents
    keeping = line.part.suffices_for(max(needed - short, 0))
    for other in line.alternates:
        if kept <= keeping or other.component not in left:
            continue
        spare = left[other.component].spare(bucket)
        some = kept - keeping if spare is None else min(kept - keeping, other.suffices_for(spare))
        if some:
            spared = line.required(kept) - line.required(kept - some)
            yield StandIn(
                bucket,
                line.parent,
                line.component,
                other.component,
                some,
                spared,
                other.required(some),
                line.valid_from,
            )
            kept -= some
