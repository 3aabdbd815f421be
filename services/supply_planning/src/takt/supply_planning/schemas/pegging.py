"""Wire shapes of pegging, both ways, and of why plans differ."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from takt.common.amounts import Code, Probability, SignedSum, Sum
from takt.supply_planning.domain.change import ReasonKind
from takt.supply_planning.domain.origins import OriginKind


class ViaOrder(BaseModel):
    """An order that takes the component."""

    item: Code
    site: Code
    order_id: UUID


class Reason(BaseModel):
    """What something is for."""

    kind: OriginKind
    product: Code | None = None
    """What is sold, for sale, deal, pipeline and baseline."""
    region: Code | None = None
    item: Code | None = None
    """What is kept, ordered in excess or made, for the other kinds."""
    site: Code | None = None
    week: date | None = None
    """Of the forecast, or of the order's start; for a sale the day on which it is wanted."""
    deal_id: UUID | None = None
    line_id: UUID | None = None
    sale_id: UUID | None = None


class PegPart(Reason):
    """So much of the item for one reason."""

    quantity: Sum
    """In units of the item that is pegged."""
    order_id: UUID | None = None
    """The order above that takes it, where it is not traced further."""
    via: tuple[ViaOrder, ...] = ()
    """The orders between, the lowest first."""


class NamedSignal(BaseModel):
    """A signal that the forecast of the series takes account of in some of its weeks."""

    signal_id: UUID
    kind: str
    source: str
    external_id: str
    note: str | None
    begins: date
    ends: date


class SeriesBehind(BaseModel):
    """The forecast behind parts of a product in a region."""

    product: Code
    region: Code
    revision: int | None
    """Of the forecast that is planned with."""
    version: int | None
    """The newest published version that holds the series, and its revision in it."""
    version_name: str | None
    version_revision: int | None
    signals: tuple[NamedSignal, ...]


class DealBehind(BaseModel):
    """A deal behind parts, as it stands."""

    deal_id: UUID
    stage: Code
    status: Literal["open", "won", "lost"]
    probability: Probability


class PurchaseOrderPegging(BaseModel):
    """What a purchase order is for; the parts sum to what is still to come of it."""

    order_id: UUID
    item: Code
    site: Code
    due_on: date | None
    quantity: Sum
    parts: tuple[PegPart, ...]
    series: tuple[SeriesBehind, ...]
    deals: tuple[DealBehind, ...]


class PeggedSupply(BaseModel):
    """What comes in a week, and what it is for; the parts sum to its quantity."""

    kind: Literal["stock", "open", "planned"]
    order_id: UUID | None
    due_on: date | None
    quantity: Sum
    parts: tuple[PegPart, ...]


class Cover(BaseModel):
    """What is given to a demand by stock or an order."""

    kind: Literal["stock", "open", "planned"]
    order_id: UUID | None
    due_on: date | None
    quantity: Sum


class PeggedDemand(PegPart):
    """What is wanted in a week, and what covers it."""

    covered_by: tuple[Cover, ...]
    short: Sum
    """What nothing in the horizon covers."""


class PlanPegging(BaseModel):
    """A week of a plan, both ways."""

    item: Code
    site: Code
    week: date
    supplies: tuple[PeggedSupply, ...]
    demands: tuple[PeggedDemand, ...]
    series: tuple[SeriesBehind, ...]
    deals: tuple[DealBehind, ...]


class CoveredPart(Cover):
    """What a demand has of an item at a site: a product, or something that it is made of."""

    item: Code
    site: Code
    level: int
    """Of the bills of material: 0 for what is in none."""
    part: PegPart


class DemandPegging(BaseModel):
    """Stock and orders that a demand has, products before their components."""

    as_of: datetime
    covers: tuple[CoveredPart, ...]


class KeptPlan(BaseModel):
    """A plan whose inputs are kept."""

    sequence: int
    as_of: datetime


class ChangedWeek(BaseModel):
    """By how much the new orders of a week change."""

    week: date
    quantity: SignedSum


class ChangedNeed(BaseModel):
    """By how much what is needed of an open order changes, and the week to which its need moves."""

    order_id: UUID
    quantity: SignedSum
    week: date | None


class ChangePart(BaseModel):
    """What one thing that changed does; the parts of each week and order sum to the difference."""

    reason: ReasonKind
    at_item: Code | None
    """Of which item it changed: this one, or one above that takes it."""
    at_site: Code | None
    kind: OriginKind | None = None
    """Of a demand."""
    product: Code | None = None
    region: Code | None = None
    item: Code | None = None
    site: Code | None = None
    deal_id: UUID | None = None
    line_id: UUID | None = None
    sale_id: UUID | None = None
    order_id: UUID | None = None
    """The open order that is new, changed or gone."""
    quantity: SignedSum
    """Over all weeks."""
    weeks: tuple[ChangedWeek, ...]
    needs: tuple[ChangedNeed, ...]


class PlanChange(BaseModel):
    """Why a plan differs from an earlier one, in parts that sum."""

    item: Code
    site: Code
    since: int
    until: int
    kept: tuple[KeptPlan, ...]
    """All plans that can be asked for, the newest first."""
    parts: tuple[ChangePart, ...]
