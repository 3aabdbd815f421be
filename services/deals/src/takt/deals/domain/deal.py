"""A deal: its state, and what may be done with it. Decisions return a change or named reasons."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal
from uuid import UUID

from takt.deals.domain.gates import Evidence, unmet_criteria
from takt.deals.domain.history import Entry
from takt.deals.domain.money import check_total, read_amount
from takt.deals.domain.pipeline import MoveKind, Pipeline, StageKind
from takt.deals.domain.price import (
    USUAL_TERMS,
    Approval,
    Limit,
    Offer,
    PriceRule,
    ProductPrice,
    Terms,
    check_offer,
    highest_floor,
    lowest_ceiling,
)
from takt.deals.domain.refusal import Refusal, Refused

MoveRefusal = Literal["stage-not-found", "already-there", "move-not-declared", "criteria-unmet"]


@dataclass(frozen=True, slots=True)
class Line:
    """What the customer would get: `offer` priced per base unit, `requested` the wished date."""

    offer: Offer
    requested: date | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A sales opportunity as it stands, with all that a decision about it needs.

    `region` is the ship-to; `entries` the whole stage history; `sequence` counts all changes.
    """

    id: UUID
    name: str
    owner: str
    region: str
    pipeline: str
    stage: str
    opened_at: datetime
    entries: tuple[Entry, ...]
    status: StageKind = "open"
    team: str | None = None
    source: str | None = None
    external_id: str | None = None
    account: UUID | None = None
    segment: str | None = None
    account_payment_days: int | None = None
    closed_at: datetime | None = None
    expected_close: date | None = None
    terms: Terms = USUAL_TERMS
    manual_probability: Decimal | None = None
    reason: str | None = None
    competitor: str | None = None
    imported: bool = False
    lines: tuple[Line, ...] = ()
    documents: frozenset[str] = field(default_factory=frozenset)
    approvals: tuple[Approval, ...] = ()
    sequence: int = 1

    @property
    def entered_at(self) -> datetime:
        """Since when it stands in its stage."""
        return self.entries[-1].entered_at

    @property
    def offers(self) -> frozenset[Offer]:
        """The priced content of all lines."""
        return frozenset(line.offer for line in self.lines)

    @property
    def value(self) -> Decimal:
        """Sum of quantity x price, in the company currency."""
        return sum((line.offer.quantity * line.offer.price for line in self.lines), Decimal(0))

    def evidence(self, now: datetime) -> Evidence:
        """What the deal can show at a gate."""
        filled = {
            "account": self.account is not None,
            "expected_close": self.expected_close is not None,
            "lines": bool(self.lines),
        }
        return Evidence(
            fields=frozenset(name for name, there in filled.items() if there),
            documents=self.documents,
            approvals=frozenset(
                approval.role
                for approval in self.approvals
                if approval.stands(self.offers, self.terms, now)
            ),
        )


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Products and rules as they hold now."""

    products: Mapping[str, ProductPrice]
    rules: Sequence[PriceRule] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A decided move: the deal leaves `source` and enters `target` at `at`."""

    source: str
    target: str
    kind: MoveKind
    status: StageKind
    at: datetime


def decide_move(
    deal: Deal, pipeline: Pipeline, target: str, book: PriceBook, now: datetime
) -> Move | Refused:
    """Whether a deal may go to a stage; if not, every reason at once.

    A move never lies before the one it follows, so that durations stay exact when clocks differ.
    """
    arriving = pipeline.stage(target)
    if arriving is None:
        return _refuse(deal, pipeline, target, "stage-not-found")
    if target == deal.stage:
        return _refuse(deal, pipeline, target, "already-there")
    if (deal.stage, target) not in pipeline.transitions:
        return _refuse(deal, pipeline, target, "move-not-declared")
    kind = pipeline.move_kind(deal.stage, target)
    left = pipeline.stages_left(deal.stage, target)
    criteria = [(stage.name, criterion) for stage in left for criterion in stage.exit_criteria]
    refusals = list(unmet_criteria(criteria, deal.evidence(now)) if criteria else ())
    if left:
        governing = target if arriving.kind == "open" else deal.stage
        refusals += check_prices(deal, governing, book, now)
    if refusals:
        return Refused("criteria-unmet", tuple(refusals))
    return Move(deal.stage, target, kind, arriving.kind, max(now, deal.entered_at))


def moved(deal: Deal, move: Move, *, reason: str | None, competitor: str | None) -> Deal:
    """The deal after the move: its history is one entry longer."""
    closed = move.status != "open"
    entry = Entry(deal.entries[-1].number + 1, move.target, move.at)
    return replace(
        deal,
        stage=move.target,
        status=move.status,
        closed_at=move.at if closed else None,
        reason=reason if closed else None,
        competitor=competitor if move.status == "lost" else None,
        entries=(*deal.entries, entry),
        sequence=deal.sequence + 1,
    )


def check_prices(deal: Deal, stage: str, book: PriceBook, now: datetime) -> list[Refusal]:
    """Every line outside its range in that stage without a standing approval; terms once."""
    refusals: dict[Refusal, None] = {}
    for number, line in enumerate(deal.lines if book.rules else ()):
        offer = line.offer
        product = book.products[offer.product]
        rules = rules_for(deal, product, stage, book)
        for refusal in check_offer(offer, deal.terms, product, rules, deal.approvals, now):
            of_line = refusal.field == "price"
            name = f"lines[{number}].price" if of_line else refusal.field
            refusals[replace(refusal, field=name)] = None
    return list(refusals)


def rules_for(deal: Deal, product: ProductPrice, stage: str, book: PriceBook) -> list[PriceRule]:
    """The rules that limit a line of this product in that stage of the deal."""
    place = (deal.pipeline, stage)
    return [rule for rule in book.rules if rule.applies(product, deal.segment, deal.account, place)]


@dataclass(frozen=True, slots=True)
class LinePrice:
    """How a line's price stands to its limits.

    Args:
        inside: no rule objects to the price.
        approved: it is outside, and approvals in force cover all that object to it.
        refusals: what keeps the line from passing, terms included.
    """

    line: Line
    product: ProductPrice
    floor: Limit | None
    ceiling: Limit | None
    inside: bool
    approved: bool
    refusals: tuple[Refusal, ...]


def price_lines(deal: Deal, stage: str, book: PriceBook, now: datetime) -> list[LinePrice]:
    """Every line with its limits in that stage, judged by what decides on moves and changes."""
    lines: list[LinePrice] = []
    for line in deal.lines:
        product = book.products[line.offer.product]
        rules = rules_for(deal, product, stage, book)
        broken = check_offer(line.offer, deal.terms, product, rules, (), now)
        left = check_offer(line.offer, deal.terms, product, rules, deal.approvals, now)
        inside = not any(refusal.field == "price" for refusal in broken)
        approved = not inside and not any(refusal.field == "price" for refusal in left)
        floor, ceiling = highest_floor(product, rules), lowest_ceiling(product, rules)
        lines.append(LinePrice(line, product, floor, ceiling, inside, approved, tuple(left)))
    return lines


def check_amounts(deal: Deal) -> list[Refusal]:
    """Quantities and prices that are none of ours; a line, or all of them, beyond what money is."""
    refusals: list[Refusal] = []
    for number, line in enumerate(deal.lines):
        amounts = {"quantity": line.offer.quantity, "price": line.offer.price}
        read = [read_amount(f"lines[{number}].{name}", one) for name, one in amounts.items()]
        wrong = [one for one in read if isinstance(one, Refusal)]
        refusals += wrong or check_total(f"lines[{number}]", line.offer.quantity * line.offer.price)
    return refusals or check_total("lines", deal.value)


def check_dates(
    opened_at: datetime,
    zone: tzinfo,
    expected_close: date | None,
    requested: Iterable[date | None],
) -> list[Refusal]:
    """Dates before the day on which the deal was opened, in the company's time zone."""
    opened = opened_at.astimezone(zone).date()
    dates = [("expected_close", expected_close)]
    dates += [(f"lines[{number}].requested_date", day) for number, day in enumerate(requested)]
    return [
        Refusal("before-opened", name, day.isoformat(), f"Give {opened} or a later date.")
        for name, day in dates
        if day is not None and day < opened
    ]


def _refuse(deal: Deal, pipeline: Pipeline, target: str, reason: MoveRefusal) -> Refused:
    declared = ", ".join(pipeline.moves_from(deal.stage)) or "none"
    remedy = f"From {deal.stage} the pipeline {pipeline.code} declares: {declared}."
    return Refused(reason, (Refusal(reason, "stage", target, remedy),))
