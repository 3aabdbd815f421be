"""Wire shapes of resources, routings, and what resources are loaded with."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from takt.common.amounts import Code, Money, PositiveQuantity, Quantity, Sum
from takt.common.http import RequestModel
from takt.supply_planning.domain.capacity import HIGHEST_EFFICIENCY
from takt.supply_planning.domain.resource_load import MakeKind
from takt.supply_planning.schemas.pegging import DealBehind, Reason

WorkMinutes = Annotated[Quantity, Field(le=10_000_000)]
Efficiency = Annotated[PositiveQuantity, Field(le=HIGHEST_EFFICIENCY)]


class Resource(RequestModel):
    """What work is done on: a machine, a line, a group of people.

    It has the minutes of its calendar (round the clock without one), times `units` side by side,
    times `efficiency`, the standard minutes that are done in a minute: 0.9 for 90 percent.
    `overtime_minutes` a week can be worked beyond that, at `overtime_cost` a minute.
    """

    code: Code
    calendar: Code | None = None
    units: PositiveQuantity = Decimal(1)
    efficiency: Efficiency = Decimal(1)
    overtime_minutes: Quantity = Decimal(0)
    overtime_cost: Money = Decimal(1)


class Operation(RequestModel):
    """A step of making an item: `minutes` for each unit that is started, `setup_minutes` a lot."""

    resource: Code
    minutes: WorkMinutes
    setup_minutes: WorkMinutes = Decimal(0)


class Routing(RequestModel):
    """How an item is made at a site, whole: its operations follow each other; none removes it."""

    item: Code
    site: Code
    operations: Annotated[tuple[Operation, ...], Field(max_length=1000)]


class WorkPart(Reason):
    """So many minutes for one reason."""

    minutes: Sum


class LoadingOrder(BaseModel):
    """An order that is made there in the week, and for whom; the parts sum to its minutes.

    `planned` is new, `firm` agreed and not started, `open` with the shop already.
    """

    order_id: UUID
    item: Code
    site: Code
    kind: MakeKind
    release_on: date
    due_on: date
    started: Sum
    """Of the item, in all its lots."""
    lots: int
    minutes: Sum
    parts: tuple[WorkPart, ...]


class CapacityLoad(BaseModel):
    """What a resource is asked for in a week, beside what it can do; in standard minutes.

    `overtime` of the `missing` minutes can be worked as such. Where overloads are asked for,
    `orders` make it and `demands` are what these are for: both sum to the load, the largest first.
    """

    resource: Code
    week: date
    load: Sum
    capacity: Sum
    missing: Sum
    overtime: Sum
    orders: tuple[LoadingOrder, ...] = ()
    demands: tuple[WorkPart, ...] = ()
    deals: tuple[DealBehind, ...] = ()
    """How the deals among the demands stand."""


Only = Literal["overloads"]
