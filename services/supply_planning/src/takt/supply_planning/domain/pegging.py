"""Pegging: which demand each order is for, through every level, and what covers each demand.

What comes is given to what is wanted as netting took it: stock, then open orders by their dates,
then new ones; safety stock first, then demand by week, in a week what is bound before what is
likely. An order's parts sum to it: what no demand takes is named as what it is. Of a made order's
components each is for what the order is for, in proportion.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.netting import Horizon, Netting, PlanningPolicy, Supply
from takt.supply_planning.domain.orders import planned_id
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import share_out

OriginKind = Literal[
    "backlog", "safety_stock", "sale", "deal", "pipeline", "baseline", "other", "lot", "surplus",
    "after_horizon",
]  # fmt: skip
"""Why something is wanted.

backlog        stock below nothing
safety_stock   of the item at the site
sale           a direct order, not shipped
deal           a deal's line, by its probability or won
pipeline       the forecast's part of deals that are not known here
baseline       the forecast's part of orders not yet seen
other          demand that nothing known here explains
lot            a new order is larger than its need: minimum, multiple, fixed or economic lot
surplus        stock or an open order that nothing in the horizon needs
after_horizon  an order that is due after the horizon, which planning leaves alone
"""
RANK: Mapping[OriginKind, int] = {
    "sale": 0, "deal": 1, "pipeline": 2, "baseline": 3, "safety_stock": 4, "other": 5, "lot": 6,
    "surplus": 7, "backlog": 8, "after_horizon": 9,
}  # fmt: skip
"""In a week, what is wanted by a surer reason is covered first."""


class Origin(NamedTuple):
    """Why something is wanted at the very top.

    Args:
        item: the product that is sold, or the item that is kept or ordered in excess.
        place: the region where it is sold, or the site.
        week: of the forecast, or the day on which a sale is wanted.
        reference: a deal or a sale. line: of the deal.
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
    """So much for an origin, by way of orders above, the lowest first."""

    origin: Origin
    via: tuple[Via, ...]
    quantity: int


class Wanted(NamedTuple):
    """A part that is wanted from a date on; within a bucket the date does not matter."""

    day: date
    part: Part


SupplyKind = Literal["stock", "open", "planned"]


class Source(NamedTuple):
    """Something that covers: `order_id` and `due` are None for stock."""

    kind: SupplyKind
    order_id: UUID | None
    due: date | None
    quantity: int


class Cover(NamedTuple):
    """How much of a part a source gives."""

    source: Source
    part: Part


@dataclass(frozen=True, slots=True)
class Pegs:
    """The pegging of an item at a site.

    Args:
        covers: of each source in the order in which it is taken; they sum to the source.
        short: what is wanted inside the horizon and nothing covers.
        wanted: everything that is wanted, by bucket.
    """

    covers: tuple[tuple[Source, tuple[Part, ...]], ...]
    short: tuple[Part, ...]
    wanted: tuple[tuple[Part, ...], ...]

    def of_order(self, order_id: UUID) -> tuple[Source, tuple[Part, ...]] | None:
        """An order with what it is for."""
        return next((one for one in self.covers if one[0].order_id == order_id), None)

    def in_week(self, week: int) -> list[tuple[Part, list[Cover]]]:
        """Each part that is wanted in a bucket, with what covers it; what is missing has none."""
        covering: dict[tuple[Origin, tuple[Via, ...]], list[Cover]] = defaultdict(list)
        for source, parts in self.covers:
            for part in parts:
                covering[part.origin, part.via].append(Cover(source, part))
        # An origin belongs to one bucket: its week, or its order's release.
        return [(part, covering[part.origin, part.via]) for part in self.wanted[week]]


@dataclass(frozen=True, slots=True)
class PlannedPosition:
    """A stored plan with what it was made of.

    Args:
        proposals: the order ids of proposals by the Monday for which they were made.
        demand: why customers want it here; sums that differ from the plan's are put right.
    """

    netting: Netting
    horizon: Horizon
    supplies: tuple[Supply, ...] = ()
    proposals: Mapping[date, UUID] = field(default_factory=dict)
    demand: tuple[Wanted, ...] = ()


def peg(
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    positions: Mapping[ItemSite, PlannedPosition],
) -> dict[ItemSite, Pegs]:
    """Peg item-sites, those above before those below.

    Args:
        bill: who takes what.
        policies: of everything that is planned.
        positions: of the item-sites and of all above them at the same site.
    """
    found: dict[ItemSite, Pegs] = {}
    for key in sorted(positions, key=lambda one: (bill.level(one.item), one)):
        position = positions[key]
        wanted = list(position.demand)
        for line in bill.used_in.get(key.item, ()):
            user = ItemSite(line.parent, key.site)
            if user in found and policies[user].source == "make":
                wanted += _taken(user, positions[user], found[user], line.required)
        found[key] = _pegged(key, position, wanted, policies[key].safety_stock)
    return found


def above(keys: Iterable[ItemSite], bill: BillOfMaterial) -> set[ItemSite]:
    """These item-sites and all that use them, at the same site."""
    found = set(keys)
    rest = list(found)
    while rest:
        item, site = rest.pop()
        for line in bill.used_in.get(item, ()):
            if (user := ItemSite(line.parent, site)) not in found:
                found.add(user)
                rest.append(user)
    return found


def _taken(
    user: ItemSite, position: PlannedPosition, pegs: Pegs, required: Callable[[int], int]
) -> list[Wanted]:
    """What a user's orders take of a component: each bucket's, rounded once, over its orders."""
    parts_of = {source.order_id: parts for source, parts in pegs.covers}
    starts: dict[int, list[tuple[date, UUID, int]]] = defaultdict(list)
    for order in position.netting.orders:
        identity = _identity(user, position, order.bucket)
        if (bucket := position.horizon.bucket(order.release)) is not None:
            starts[bucket].append((order.release, identity, order.quantity))
    for supply in position.supplies:
        if supply.kind == "firm":
            day = supply.release or supply.due
            if (bucket := position.horizon.bucket(day)) is not None:
                starts[bucket].append((day, supply.order_id, supply.quantity))
    wanted = []
    for bucket, started in sorted(starts.items()):
        needed = required(sum(quantity for _, _, quantity in started))
        of_orders = share_out(needed, [quantity for _, _, quantity in started])
        day = position.horizon.mondays[bucket]
        for (_, order_id, _), share in zip(started, of_orders, strict=True):
            parts = parts_of[order_id]
            via = Via(user.item, user.site, order_id)
            split = share_out(share, [part.quantity for part in parts])
            wanted += [
                Wanted(day, Part(part.origin, (via, *part.via), units))
                for part, units in zip(parts, split, strict=True)
                if units
            ]
    return wanted


def _pegged(
    key: ItemSite, position: PlannedPosition, wanted: Sequence[Wanted], safety_stock: int
) -> Pegs:
    netting, horizon = position.netting, position.horizon
    by_bucket: list[list[Part]] = [[] for _ in netting.gross]
    for day, part in wanted:
        if (bucket := horizon.bucket(day)) is not None:
            by_bucket[bucket].append(part)
    demand = [
        fitted(parts, gross, Origin("other", *key, week=monday))
        for parts, gross, monday in zip(by_bucket, netting.gross, horizon.mondays, strict=True)
    ]
    first = []
    if netting.on_hand < 0:
        first.append(Part(Origin("backlog", *key), (), -netting.on_hand))
    if safety_stock:
        first.append(Part(Origin("safety_stock", *key), (), safety_stock))
    queue = [*first, *(part for parts in demand for part in parts)]
    covers, short = _match(key, _sources(key, position), queue)
    later = [
        (Source("open", one.order_id, one.due, one.quantity), (_rest(key, "after_horizon", one),))
        for one in position.supplies
        if horizon.bucket(one.due) is None
    ]
    return Pegs((*covers, *later), tuple(short), tuple(map(tuple, demand)))


def _rest(key: ItemSite, kind: OriginKind, of: Supply) -> Part:
    return Part(Origin(kind, *key), (), of.quantity)


def fitted(parts: Sequence[Part], gross: int, other: Origin) -> list[Part]:
    """The parts of a week by rank, put right to the plan's sum: the least sure give way."""
    found = []
    left = gross
    for part in sorted(parts, key=_place):
        if units := min(part.quantity, left):
            found.append(part._replace(quantity=units))
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


def _place(part: Part) -> tuple[object, ...]:
    return rank(part.origin), [(via.item, str(via.order_id)) for via in part.via]


def _sources(key: ItemSite, position: PlannedPosition) -> list[Source]:
    """What comes, in the order in which netting takes it."""
    netting, horizon = position.netting, position.horizon
    inside = sorted(
        (one for one in position.supplies if horizon.bucket(one.due) is not None),
        key=lambda one: (one.due, str(one.order_id)),
    )
    return [
        *([Source("stock", None, None, netting.on_hand)] if netting.on_hand > 0 else ()),
        *(Source("open", one.order_id, one.due, one.quantity) for one in inside),
        *(
            Source("planned", _identity(key, position, order.bucket), order.due, order.quantity)
            for order in netting.orders
        ),
    ]


def _identity(key: ItemSite, position: PlannedPosition, bucket: int) -> UUID:
    monday = position.horizon.mondays[bucket]
    return position.proposals.get(monday) or planned_id(key, monday)


def _match(
    key: ItemSite, sources: Sequence[Source], queue: Sequence[Part]
) -> tuple[list[tuple[Source, tuple[Part, ...]]], list[Part]]:
    """Give each source to the first that still want; what is left of it is named."""
    covers = []
    place, left = 0, queue[0].quantity if queue else 0
    for source in sources:
        rest = source.quantity
        parts: list[Part] = []
        while rest and place < len(queue):
            taken = min(rest, left)
            if taken:
                parts.append(queue[place]._replace(quantity=taken))
            rest -= taken
            left -= taken
            if not left:
                place += 1
                left = queue[place].quantity if place < len(queue) else 0
        if rest:
            kind: OriginKind = "lot" if source.kind == "planned" else "surplus"
            parts.append(Part(Origin(kind, *key), (), rest))
        covers.append((source, tuple(parts)))
    short = []
    if left:
        short = [queue[place]._replace(quantity=left), *queue[place + 1 :]]
    return covers, short
