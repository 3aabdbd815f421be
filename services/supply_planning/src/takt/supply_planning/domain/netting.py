"""Time-phased netting of one item at one site: what must come and when, after what is on its way.

All quantities are millionths. A bucket is a week; it is for arithmetic, while every order is due on
a date.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple
from uuid import UUID

from takt.supply_planning.domain.calendar import (
    ROUND_THE_CLOCK,
    LeadTime,
    WorkingCalendar,
    earliest_due,
    open_day,
    release_date,
)
from takt.supply_planning.domain.lots import LotPolicy, PriceBreak, lots, unit_price, worth
from takt.supply_planning.domain.quantity import ONE, ceil_div

Source = Literal["make", "buy", "phantom"]

ALL_GOOD = Decimal(1)
WEEK = timedelta(weeks=1)
WEEKS = 26


@dataclass(frozen=True)
class Horizon:
    """The weeks that are planned, beginning with the one that holds `today`."""

    today: date
    weeks: int = WEEKS

    @cached_property
    def first_week(self) -> date:
        """The ISO Monday of this week."""
        return self.today - timedelta(days=self.today.weekday())

    @cached_property
    def mondays(self) -> tuple[date, ...]:
        """The Monday of every bucket."""
        return tuple(self.first_week + bucket * WEEK for bucket in range(self.weeks))

    def after(self, days: int) -> int:
        """The first bucket that begins so many days from today or later; 0 for 0 days."""
        inside = (self.today + timedelta(days=days) - self.first_week).days
        return -(-inside // 7) if days else 0

    def bucket(self, day: date) -> int | None:
        """The bucket of a day: the past belongs to the first, what is after the last to none."""
        place = (day - self.first_week).days // 7
        return max(place, 0) if place < self.weeks else None

    def spread(self, dated: Iterable[tuple[date, int]]) -> list[int]:
        """Dated quantities by bucket; what lies after the horizon is left out."""
        buckets = [0] * self.weeks
        for day, quantity in dated:
            if (place := self.bucket(day)) is not None:
                buckets[place] += quantity
        return buckets


@dataclass(frozen=True, slots=True)
class PlanningPolicy:
    """How an item is planned at a site.

    Args:
        source: make explodes its orders to components, buy proposes them to `supplier`; phantom is
            never stocked or ordered by itself (see `PHANTOM`).
        fence_days: planning time fence: nothing new is planned in weeks that begin sooner than this
            from today.
        demand_fence_days: demand time fence: in weeks that begin sooner than this, orders alone are
            demand, and what is forecast is not.
        tolerance_days, tolerance_share: an action message is not repeated, nor begun, for less than
            this; the share is in millionths of the quantity last communicated.
        yield_share: of what is started, the share that comes out good, in (0, 1]. Lots are of what
            is started; stock, demand and open orders are of what is good.
        prices: of a unit, or what it costs to make; none where that is not known.
        work: when its making or its supplier works; lead times count on it.
        receiving: when the site takes goods in; due dates fall on it.
    """

    source: Source
    supplier: str | None = None
    safety_stock: int = 0
    lot: LotPolicy = field(default_factory=LotPolicy)
    lead: LeadTime = field(default_factory=LeadTime)
    fence_days: int = 0
    demand_fence_days: int = 0
    tolerance_days: int = 0
    tolerance_share: int = 0
    yield_share: Decimal = ALL_GOOD
    prices: tuple[PriceBreak, ...] = ()
    work: WorkingCalendar = ROUND_THE_CLOCK
    receiving: WorkingCalendar = ROUND_THE_CLOCK

    def fence(self, horizon: Horizon) -> int:
        """The first bucket in which something new may be planned."""
        return horizon.after(self.fence_days)

    def worth(self, quantity: int) -> Decimal | None:
        """What so much of it costs; None where no price is known."""
        if not self.prices:
            return None
        return worth(quantity, unit_price(quantity, self.prices))

    def to_start(self, good: int) -> int:
        """What must be started so that so much comes out good."""
        if self.yield_share == ALL_GOOD:
            return good
        numerator, denominator = self.yield_share.as_integer_ratio()
        return ceil_div(good * denominator, numerator)

    def comes_good(self, started: int) -> int:
        """What comes out good of what is started; of `to_start(good)` it is `good` exactly."""
        if self.yield_share == ALL_GOOD:
            return started
        numerator, denominator = self.yield_share.as_integer_ratio()
        return started * numerator // denominator


PHANTOM = PlanningPolicy("phantom")
"""Without a lead time, lots and safety stock, what is needed and not in stock is at once demand for
the components, in the same week."""


@dataclass(frozen=True, slots=True)
class Supply:
    """An order that is already there.

    Args:
        kind: scheduled is with its supplier or shop; firm is agreed here and can still be changed
            here.
        quantity: what is still to come.
        price: of a unit, where it is known.
    """

    order_id: UUID
    kind: Literal["scheduled", "firm"]
    due: date
    quantity: int
    release: date | None = None
    price: Decimal | None = None


class PlannedOrder(NamedTuple):
    """An order that netting asks for: `lots` are started, and `loss` of them does not come good.

    `due` is when it is needed, even when it is too late to be there by then; `release` is not in
    the past.
    """

    bucket: int
    due: date
    release: date
    lots: tuple[int, ...]
    loss: int = 0

    @property
    def started(self) -> int:
        """All its lots."""
        return sum(self.lots)

    @property
    def quantity(self) -> int:
        """What comes of it."""
        return sum(self.lots) - self.loss


class StandIn(NamedTuple):
    """`parents` of those released in a week take an alternate instead of the line's component.

    All are millionths: `spared` of the component, `taken` of the alternate. `valid_from` is of the
    line: lines of one component in a bill differ by it.
    """

    bucket: int
    parent: str
    component: str
    alternate: str
    parents: int
    spared: int
    taken: int
    valid_from: date | None = None


class Need(NamedTuple):
    """When an open order is needed and how much of it; `bucket` None: it is not needed at all.

    `within`: the first and the last bucket in which it could as well be needed, if demand were by
    the tolerance of the order higher or lower. None where there is no tolerance.
    """

    order_id: UUID
    bucket: int | None
    quantity: int
    within: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Netting:
    """The plan of an item at a site, by bucket; projected = before + scheduled + planned - gross.

    Args:
        net: the requirement before lot sizing.
        needs: when each open order inside the horizon is needed.
        short: safety stock that cannot be reached inside the fence.
        by_lot: an open order would be smaller if lots were.
        stand_ins: what of the demand has moved from it to alternates, or to it as one; `gross` is
            after that.
    """

    first_week: date
    on_hand: int
    gross: tuple[int, ...]
    scheduled: tuple[int, ...]
    net: tuple[int, ...]
    orders: tuple[PlannedOrder, ...]
    planned: tuple[int, ...]
    projected: tuple[int, ...]
    needs: tuple[Need, ...]
    short: tuple[int, ...]
    by_lot: bool
    stand_ins: tuple[StandIn, ...] = ()


def net(
    gross: Sequence[int],
    on_hand: int,
    supplies: Sequence[Supply],
    policy: PlanningPolicy,
    horizon: Horizon,
) -> Netting:
    """Cover gross requirements and safety stock: from stock, then open orders, then new ones.

    Open orders are taken in the order of their dates as soon as they are needed, wherever they now
    lie: to expedite one is easier than to place another, and one that is needed later is deferred
    (the rescheduling assumption of MRP). Nothing new is planned before the fence; what is missing
    there is made up right after it.

    Args:
        gross: independent and dependent demand, shape (weeks,).
        on_hand: may be negative.
        supplies: open orders; those due after the horizon are left alone.
        policy: how the item is planned at the site.
        horizon: the weeks.

    Source: Orlicky's Material Requirements Planning, 3rd ed., ch. 4 and 7.
    """
    fence = policy.fence(horizon)
    inside = sorted(
        (supply for supply in supplies if horizon.bucket(supply.due) is not None),
        key=lambda supply: (supply.due, str(supply.order_id)),
    )
    scheduled = horizon.spread((supply.due, supply.quantity) for supply in inside)
    within = _within(gross, on_hand, inside, policy)
    requirement, short, planned = ([0] * horizon.weeks for _ in range(3))
    needs: list[Need] = []
    orders: list[PlannedOrder] = []
    available = on_hand
    waiting = 0
    for bucket, demand in enumerate(gross):
        available -= demand
        while available < policy.safety_stock and waiting < len(inside):
            supply = inside[waiting]
            needs.append(Need(supply.order_id, bucket, supply.quantity, within[waiting]))
            available += supply.quantity
            waiting += 1
        missing = policy.safety_stock - available
        if missing <= 0:
            continue
        if bucket < fence:
            short[bucket] = missing
            continue
        if policy.lot.rule == "period":
            missing += sum(gross[bucket + 1 : bucket + policy.lot.periods])
        requirement[bucket] = missing
        order = _order(bucket, lots(policy.to_start(missing), policy.lot), policy, horizon)
        orders.append(order)
        planned[bucket] = coming = order.quantity
        available += coming
    by_lot = False
    if waiting and not orders and (excess := available - policy.safety_stock) > 0:
        last = needs[-1]
        wanted = last.quantity - excess
        lot = policy.comes_good(sum(lots(policy.to_start(wanted), policy.lot)))
        sized = min(lot, last.quantity)
        by_lot = sized > wanted
        needs[-1] = last._replace(quantity=sized)
    needs += [
        Need(supply.order_id, None, 0, within[place])
        for place, supply in enumerate(inside[waiting:], start=waiting)
    ]
    flow = [
        received + new - taken
        for received, new, taken in zip(scheduled, planned, gross, strict=True)
    ]
    return Netting(
        first_week=horizon.first_week,
        on_hand=on_hand,
        gross=tuple(gross),
        scheduled=tuple(scheduled),
        net=tuple(requirement),
        orders=tuple(orders),
        planned=tuple(planned),
        projected=tuple(accumulate(flow, initial=on_hand))[1:],
        needs=tuple(needs),
        short=tuple(short),
        by_lot=by_lot,
    )


def _within(
    gross: Sequence[int], on_hand: int, inside: Sequence[Supply], policy: PlanningPolicy
) -> Sequence[tuple[int, int] | None]:
    if not policy.tolerance_share or not inside:
        return [None] * len(inside)
    # The supplies before it come as soon as they are needed: what they bring is there in any case.
    demand = list(accumulate(gross))
    found = []
    before = on_hand - policy.safety_stock
    for supply in inside:
        slack = policy.tolerance_share * supply.quantity // ONE
        found.append((bisect_right(demand, before - slack), bisect_right(demand, before + slack)))
        before += supply.quantity
    return found


@lru_cache(maxsize=1024)
def due_dates(receiving: WorkingCalendar, horizon: Horizon) -> tuple[date, ...]:
    """When an order for each bucket must be there: its first day open to receive, from today on."""
    dates = []
    for monday in horizon.mondays:
        week = (monday + timedelta(days=day) for day in range(7))
        first = next((day for day in week if receiving.minutes_on(day)), None)
        dates.append(max(first or open_day(monday, receiving), horizon.today))
    return tuple(dates)


def _order(
    bucket: int, sized: tuple[int, ...], policy: PlanningPolicy, horizon: Horizon
) -> PlannedOrder:
    due = due_dates(policy.receiving, horizon)[bucket]
    started = sum(sized)
    release = release_day(due, started, policy, horizon)
    return PlannedOrder(bucket, due, release, sized, started - policy.comes_good(started))


def release_day(due: date, quantity: int, policy: PlanningPolicy, horizon: Horizon) -> date:
    """When an order must be released to be there on `due`, today at the earliest."""
    return max(release_date(due, policy.lead, quantity, policy.work), horizon.today)


def late_arrival(due: date, quantity: int, policy: PlanningPolicy, horizon: Horizon) -> date | None:
    """When an order that is released today is there, if that is after `due`; else None."""
    if release_date(due, policy.lead, quantity, policy.work) >= horizon.today:
        return None
    done = earliest_due(horizon.today, policy.lead, quantity, policy.work)
    return next(policy.receiving.working_days_from(done))
