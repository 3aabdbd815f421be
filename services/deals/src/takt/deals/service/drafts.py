"""Deals as somebody states them, before anything is decided."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from takt.common.event import Cause
from takt.deals.domain.deal import Deal

Result = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line as it is stated. `id` or `reference` tells which one it is; else its place does."""

    product: str
    quantity: Decimal
    price: Decimal
    requested: date | None = None
    id: UUID | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A completed document: its kind is what exit criteria ask for, `address` where it lies."""

    kind: str
    name: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class DealDraft:
    """What is stated of a deal; None leaves a field as it is, `cleared` names fields to empty.

    `by` is the name of the key that states it, or the source that told it. `key` is (source,
    external id), `id` an id of ours. `account` is an external id or a name. `history` are the
    stages of a past elsewhere, the present one last; `sequence` counts the source's own
    changes. `shipped` says that the goods of a past win have left; `only_new` that the deal
    must not be there yet.
    """

    cause: Cause
    by: str
    id: UUID | None = None
    key: tuple[str, str] | None = None
    expected: int | None = None
    name: str | None = None
    account: str | None = None
    account_id: UUID | None = None
    owner: str | None = None
    owner_if_new: str | None = None
    team: str | None = None
    region: str | None = None
    pipeline: str | None = None
    stage: str | None = None
    history: tuple[tuple[str, datetime], ...] = ()
    expected_close: date | None = None
    payment_days: int | None = None
    warranty_months: int | None = None
    manual_probability: Decimal | None = None
    currency: str | None = None
    lines: tuple[LineDraft, ...] | None = None
    documents: tuple[DocumentDraft, ...] = ()
    reason: str | None = None
    competitor: str | None = None
    sequence: int | None = None
    shipped: bool = False
    only_new: bool = False
    cleared: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of a draft."""

    result: Result
    deal: Deal
