"""Price range and floor, limits to terms, and the approvals that let a line outside them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final
from uuid import UUID

from takt.deals.domain.refusal import Refusal

STEP: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed beside the price; None leaves the company's usual terms."""

    payment_days: int | None = None
    warranty_months: int | None = None


USUAL_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True)
class Offer:
    """The priced content of a line. Price per base unit, in the company currency."""

    line: UUID
    product: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class ProductPrice:
    """What a product lists at and costs, per base unit, where that is known."""

    code: str
    list_price: Decimal | None
    cost: Decimal | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class PriceRule:
    """Limits for the lines that match every scope it names; a scope left out matches all.

    Shares are of the list price, in [0, 1]; margins per unit in money. `role` may approve beyond.
    """

    code: str
    role: str
    product: str | None = None
    family: str | None = None
    segment: str | None = None
    account: UUID | None = None
    stage: tuple[str, str] | None = None
    maximum_discount: Decimal | None = None
    maximum_surcharge: Decimal | None = None
    minimum_margin: Decimal | None = None
    minimum_gross_margin: Decimal | None = None
    contract_floor: Decimal | None = None
    maximum_payment_days: int | None = None
    maximum_warranty_months: int | None = None

    def applies(
        self,
        product: ProductPrice,
        segment: str | None,
        account: UUID | None,
        stage: tuple[str, str],
    ) -> bool:
        """Whether a line of this product, for this customer, in (pipeline, stage) is limited."""
        return (
            self.product in (None, product.code)
            and self.family in (None, product.family)
            and self.segment in (None, segment)
            and self.account in (None, account)
            and self.stage in (None, stage)
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody of `role` agreed to exactly these offers under these terms, for a while."""

    id: UUID
    role: str
    offers: frozenset[Offer]
    terms: Terms
    expires_at: datetime
    voided: bool = False

    def stands(self, offers: Iterable[Offer], terms: Terms, now: datetime) -> bool:
        """Whether it covers these offers, unchanged, under unchanged terms, and is in force."""
        in_force = not self.voided and now < self.expires_at
        return in_force and self.terms == terms and self.offers.issuperset(offers)


def effective_floor(product: ProductPrice, rule: PriceRule) -> Decimal | None:
    """The lowest price that a rule allows; None when it sets none. Rounded up, never below.

    The highest of list x (1 - maximum discount), cost + minimum margin,
    cost / (1 - minimum gross margin), and the contract floor.
    """
    floors: list[Decimal] = []
    if product.list_price is not None and rule.maximum_discount is not None:
        floors.append(product.list_price * (1 - rule.maximum_discount))
    if product.cost is not None and rule.minimum_margin is not None:
        floors.append(product.cost + rule.minimum_margin)
    if product.cost is not None and rule.minimum_gross_margin is not None:
        floors.append(product.cost / (1 - rule.minimum_gross_margin))
    if rule.contract_floor is not None:
        floors.append(rule.contract_floor)
    return max(floors).quantize(STEP, ROUND_CEILING) if floors else None


def effective_ceiling(product: ProductPrice, rule: PriceRule) -> Decimal | None:
    """The highest price that a rule allows, list x (1 + maximum surcharge), rounded down."""
    if product.list_price is None or rule.maximum_surcharge is None:
        return None
    return (product.list_price * (1 + rule.maximum_surcharge)).quantize(STEP, ROUND_FLOOR)


@dataclass(frozen=True, slots=True)
class Limit:
    """A floor or a ceiling, and the rule that sets it."""

    price: Decimal
    rule: PriceRule


def highest_floor(product: ProductPrice, rules: Iterable[PriceRule]) -> Limit | None:
    """The lowest price that no rule objects to; None when none sets a floor."""
    limits = ((effective_floor(product, rule), rule) for rule in rules)
    floors = [Limit(floor, rule) for floor, rule in limits if floor is not None]
    return max(floors, key=lambda limit: limit.price, default=None)


def lowest_ceiling(product: ProductPrice, rules: Iterable[PriceRule]) -> Limit | None:
    """The highest price that no rule objects to; None when none sets a ceiling."""
    limits = ((effective_ceiling(product, rule), rule) for rule in rules)
    ceilings = [Limit(ceiling, rule) for ceiling, rule in limits if ceiling is not None]
    return min(ceilings, key=lambda limit: limit.price, default=None)


def check_offer(
    offer: Offer,
    terms: Terms,
    product: ProductPrice,
    rules: Iterable[PriceRule],
    approvals: Sequence[Approval],
    now: datetime,
) -> list[Refusal]:
    """What puts a line outside its range without a standing approval; empty when it may pass.

    Args: rules: those that apply to the line. Every rule that is broken asks for its own role.
    """
    refusals: list[Refusal] = []
    for rule in rules:
        broken = _broken(offer, terms, product, rule)
        if broken and not any(
            approval.role == rule.role and approval.stands([offer], terms, now)
            for approval in approvals
        ):
            refusals += broken
    return refusals


def _broken(offer: Offer, terms: Terms, product: ProductPrice, rule: PriceRule) -> list[Refusal]:
    broken: list[Refusal] = []
    by_role = f"or have a {rule.role} approve it (rule {rule.code})."
    floor, ceiling = effective_floor(product, rule), effective_ceiling(product, rule)
    if floor is not None and offer.price < floor:
        remedy = f"Ask at least {_plain(floor)} for {offer.product}, {by_role}"
        broken.append(Refusal("below-floor", "price", _plain(offer.price), remedy))
    if ceiling is not None and offer.price > ceiling:
        remedy = f"Ask at most {_plain(ceiling)} for {offer.product}, {by_role}"
        broken.append(Refusal("above-ceiling", "price", _plain(offer.price), remedy))
    days, most_days = terms.payment_days, rule.maximum_payment_days
    if days is not None and most_days is not None and days > most_days:
        remedy = f"Grant at most {most_days} payment days, {by_role}"
        broken.append(Refusal("payment-too-late", "payment_days", str(days), remedy))
    months, most_months = terms.warranty_months, rule.maximum_warranty_months
    if months is not None and most_months is not None and months > most_months:
        remedy = f"Grant at most {most_months} months of warranty, {by_role}"
        broken.append(Refusal("warranty-too-long", "warranty_months", str(months), remedy))
    return broken


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def voided_by(
    approvals: Iterable[Approval],
    before: tuple[frozenset[Offer], Terms],
    after: tuple[frozenset[Offer], Terms],
) -> list[Approval]:
    """Approvals that a change of offers or terms makes void, for good.

    A change voids an approval when it touches what the approval names without bringing it to what
    was approved; that an old price comes back later does not revive it.
    """
    old, new = ({offer.line: offer for offer in offers} for offers, _ in (before, after))
    terms_changed = before[1] != after[1]
    return [
        approval
        for approval in approvals
        if not approval.voided
        and not (approval.terms == after[1] and approval.offers <= after[0])
        and (
            terms_changed
            or any(old.get(offer.line) != new.get(offer.line) for offer in approval.offers)
        )
    ]


def check_rule(rule: PriceRule) -> list[Refusal]:
    """Everything that keeps a price rule from making sense; empty when it is sound."""
    refusals: list[Refusal] = []
    shares = {
        "maximum_discount": rule.maximum_discount,
        "minimum_gross_margin": rule.minimum_gross_margin,
    }
    for field, share in shares.items():
        if share is not None and not Decimal(0) <= share < Decimal(1):
            remedy = "Give a share of at least 0 and below 1; 35 % is 0.35."
            refusals.append(Refusal("not-a-share", field, str(share), remedy))
    amounts = {
        "maximum_surcharge": rule.maximum_surcharge,
        "minimum_margin": rule.minimum_margin,
        "contract_floor": rule.contract_floor,
    }
    for field, amount in amounts.items():
        if amount is not None and not (amount.is_finite() and amount >= 0):
            remedy = "Give a finite amount of at least 0."
            refusals.append(Refusal("negative-limit", field, str(amount), remedy))
    for field, limit in {
        "maximum_payment_days": rule.maximum_payment_days,
        "maximum_warranty_months": rule.maximum_warranty_months,
    }.items():
        if limit is not None and limit < 0:
            refusals.append(Refusal("negative-limit", field, str(limit), "Give at least 0."))
    return refusals
