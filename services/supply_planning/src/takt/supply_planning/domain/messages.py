"""Action messages: what a planner should do about an open order, said when it differs enough.

The value last communicated is the one that stood when the planning day began. Within the day a
message is a function of that and of the state alone, so facts that come in another order, or again,
end in the same messages. An order that was changed has communicated its own new value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

from takt.supply_planning.domain.netting import (
    Horizon,
    Need,
    PlannedOrder,
    PlanningPolicy,
    Supply,
    due_dates,
    late_arrival,
)
from takt.supply_planning.domain.quantity import ONE

MessageKind = Literal["expedite", "defer", "increase", "decrease", "cancel", "release"]
Reason = Literal[
    "needed_earlier",
    "needed_later",
    "overdue",
    "lead_time_too_short",
    "demand_rose",
    "demand_fell",
    "not_needed",
    "release_date_reached",
]


class Value(NamedTuple):
    """When an order is wanted and how much of it; no date: not at all."""

    due: date | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Communicated:
    """What was communicated about an order.

    Args:
        own: the order's own date and quantity at that time.
        day: the planning day of `now`.
        before: the value that stood when that day began.
        now: the value that stands.
    """

    own: Value
    day: date
    before: Value
    now: Value


@dataclass(frozen=True, slots=True)
class Message:
    """What to do about an order. Dates and quantities (millionths) are those that change."""

    order_id: UUID
    kind: MessageKind
    reason: Reason
    from_date: date | None = None
    to_date: date | None = None
    from_quantity: int | None = None
    to_quantity: int | None = None

    @property
    def message_id(self) -> UUID:
        """The same for the same advice about the same order."""
        return uuid5(self.order_id, self.kind)


@dataclass(frozen=True, slots=True)
class Advice:
    """The messages about an item at a site, and what was communicated with them.

    Args:
        damped: something was held back by a tolerance.
        grown: firm orders that are to grow by planned orders of their own week, which need no order
            of their own.
    """

    messages: tuple[Message, ...]
    communicated: Mapping[UUID, Communicated]
    damped: bool
    grown: Mapping[int, UUID]


def advise(
    needs: Iterable[Need],
    orders: Iterable[PlannedOrder],
    supplies: Iterable[Supply],
    communicated: Mapping[UUID, Communicated],
    policy: PlanningPolicy,
    horizon: Horizon,
) -> Advice:
    """What should happen to the open orders of an item at a site.

    A planned order in the week of a firm one is asked for as an increase of it. Inside the fence
    nothing is moved.

    Args: communicated: what was communicated about the orders so far; orders that are gone are
        forgotten.
    """
    by_id = {supply.order_id: supply for supply in supplies}
    needs = sorted(needs, key=lambda need: str(need.order_id))
    grown = _grown(orders, needs, by_id, horizon)
    more = {grown[order.bucket]: order.quantity for order in orders if order.bucket in grown}
    kept: dict[UUID, Communicated] = {}
    messages: list[Message] = []
    damped = False
    for need in needs:
        supply = by_id[need.order_id]
        own = Value(supply.due, supply.quantity)
        wanted = _wanted(need, supply, more.get(need.order_id, 0), policy, horizon)
        last = communicated.get(need.order_id)
        before = _before(last, own, horizon.today)
        value, held = damp(wanted, before, policy)
        damped |= held
        kept[need.order_id] = Communicated(own, horizon.today, before, value)
        said = _messages(need.order_id, own, value)
        arrival = _late_arrival(supply, value, policy, horizon)
        if arrival and value.due and arrival > supply.due:
            # The one word on its date: that it cannot be there, even if it is released today.
            said = [message for message in said if message.kind not in ("expedite", "defer")]
            said.append(late_message(need.order_id, arrival, value.due))
        elif supply.due < horizon.today and value.due == supply.due:
            said.append(Message(need.order_id, "expedite", "overdue", from_date=supply.due))
        messages += said
        if supply.kind == "firm" and supply.release and supply.release <= horizon.today:
            messages.append(release_message(need.order_id, supply.release))
    return Advice(tuple(messages), kept, damped, grown)


def damp(wanted: Value, last: Value, policy: PlanningPolicy) -> tuple[Value, bool]:
    """The value to communicate: of what is wanted, that which is beyond tolerance.

    Returns: the value, and whether something was held back.
    """
    if wanted.due is None or last.due is None:
        return wanted, False
    due, quantity = wanted
    if abs((wanted.due - last.due).days) <= policy.tolerance_days:
        due = last.due
    if abs(wanted.quantity - last.quantity) * ONE <= policy.tolerance_share * last.quantity:
        quantity = last.quantity
    value = Value(due, quantity)
    return value, value != wanted


def _before(last: Communicated | None, own: Value, today: date) -> Value:
    if last is None or last.own != own:
        return own
    return last.now if last.day < today else last.before


def _grown(
    orders: Iterable[PlannedOrder],
    needs: Iterable[Need],
    supplies: Mapping[UUID, Supply],
    horizon: Horizon,
) -> dict[int, UUID]:
    # Only a firm order that stays in its week can take more of that week's need.
    staying: dict[int, UUID] = {}
    for need in needs:
        supply = supplies[need.order_id]
        if (
            need.bucket is not None
            and supply.kind == "firm"
            and horizon.bucket(supply.due) == need.bucket
        ):
            staying.setdefault(need.bucket, need.order_id)
    return {order.bucket: staying[order.bucket] for order in orders if order.bucket in staying}


def _wanted(
    need: Need, supply: Supply, more: int, policy: PlanningPolicy, horizon: Horizon
) -> Value:
    fence = policy.fence(horizon)
    own_bucket = horizon.bucket(supply.due)
    if own_bucket is not None and own_bucket < fence:
        return Value(supply.due, supply.quantity)
    if need.bucket is None:
        return Value(None, 0)
    bucket = max(need.bucket, fence)
    due = supply.due if bucket == own_bucket else due_dates(policy.receiving, horizon)[bucket]
    return Value(due, need.quantity + more)


def release_message(order_id: UUID, release: date) -> Message:
    """For an order whose release date has come."""
    return Message(order_id, "release", "release_date_reached", from_date=release)


def late_message(order_id: UUID, arrival: date, needed: date) -> Message:
    """For an order that, released today, is there on `arrival`: so many days too late."""
    return Message(order_id, "expedite", "lead_time_too_short", arrival, needed)


def _late_arrival(
    supply: Supply, value: Value, policy: PlanningPolicy, horizon: Horizon
) -> date | None:
    """When a firm order is there at the earliest, if that is too late; a sent one has its own."""
    if supply.kind != "firm" or value.due is None:
        return None
    return late_arrival(value.due, policy.to_start(value.quantity), policy, horizon)


def _messages(order_id: UUID, own: Value, value: Value) -> list[Message]:
    if value.due is None:
        return [Message(order_id, "cancel", "not_needed", own.due, None, own.quantity, 0)]
    messages = []
    if own.due is not None and value.due != own.due:
        earlier = value.due < own.due
        messages.append(
            Message(
                order_id,
                "expedite" if earlier else "defer",
                "needed_earlier" if earlier else "needed_later",
                from_date=own.due,
                to_date=value.due,
            )
        )
    if value.quantity != own.quantity:
        rose = value.quantity > own.quantity
        messages.append(
            Message(
                order_id,
                "increase" if rose else "decrease",
                "demand_rose" if rose else "demand_fell",
                from_quantity=own.quantity,
                to_quantity=value.quantity,
            )
        )
    return messages
