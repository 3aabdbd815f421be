"""Origins: the reasons for which something is wanted, and how a sum is shared among them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

OriginKind = Literal[
    "backlog", "safety_stock", "sale", "deal", "order", "pipeline", "baseline", "other", "lot",
    "surplus", "after_horizon",
]  # fmt: skip
"""Why something is wanted.

backlog        stock below nothing
safety_stock   of the item at the site
sale           a direct order, not shipped
deal           a deal's line, by its probability or won
order          what an order above takes of a component; traced further it is what that is for
pipeline       the forecast's part of deals that are not known here
baseline       the forecast's part of orders not yet seen
other          demand that nothing known here explains
lot            a new order is larger than its need: minimum, multiple, fixed or economic lot
surplus        stock or an open order that nothing in the horizon needs
after_horizon  an order that is due after the horizon, which planning leaves alone
"""
RANK: Mapping[OriginKind, int] = {
    "sale": 0, "deal": 1, "order": 2, "pipeline": 3, "baseline": 4, "safety_stock": 5, "other": 6,
    "lot": 7, "surplus": 8, "backlog": 9, "after_horizon": 10,
}  # fmt: skip
"""In a week, what is wanted by a surer reason is covered first."""
SOLD: frozenset[OriginKind] = frozenset({"sale", "deal", "pipeline", "baseline"})
"""Those that customers stand behind: of a product in a region."""


class Origin(NamedTuple):
    """Why something is wanted.

    Args:
        item: the product that is sold, or the item that is kept or ordered in excess, or made.
        place: the region where it is sold, or the site.
        week: of the forecast or of the order's start, or the day on which a sale is wanted.
        reference: a deal, a sale or an order. line: of the deal.
    """

    kind: OriginKind
    item: str
    place: str
    week: date | None = None
    reference: UUID | None = None
    line: UUID | None = None


class Via(NamedTuple):
    """An order that takes a component."""

    item: str
    site: str
    order_id: UUID


class Part(NamedTuple):
    """So much for an origin, by way of orders above, the lowest first, where it is traced."""

    origin: Origin
    via: tuple[Via, ...]
    quantity: int


def fitted(parts: Sequence[Part], gross: int, other: Origin) -> list[Part]:
    """The parts of a week by rank, put right to the plan's sum: the least sure give way."""
    found = []
    left = gross
    for part in sorted(parts, key=lambda one: rank(one.origin)):
        if units := min(part.quantity, left):
            found.append(Part(part.origin, part.via, units))
            left -= units
    if left:
        found.append(Part(other, (), left))
    return found


def rank(origin: Origin) -> tuple[int, date, str, str, str, str]:
    """The surer an origin is the earlier it is covered in its week; then by its names."""
    return (
        RANK[origin.kind],
        origin.week or date.min,
        origin.item,
        origin.place,
        str(origin.reference),
        str(origin.line),
    )
