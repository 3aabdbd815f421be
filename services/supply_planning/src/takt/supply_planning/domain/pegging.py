"""Pegging: which demand each order is for, through every level, and what covers each demand.

What comes is given to what is wanted as netting took it: stock, then open orders by their dates,
then new ones; safety stock first, then demand by week, in a week what is surer before what is
likely. An order's parts sum to it: what no demand takes is named as what it is. What is taken by
an order above is for what that order is for, in proportion, and is only traced when asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import accumulate
from typing import Literal, NamedTuple
from uuid import UUID

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.netting import Horizon, Netting, PlanningPolicy, StandIn, Supply
from takt.supply_planning.domain.orders import planned_id
from takt.supply_planning.domain.origins import Origin, OriginKind, Part, Via, fitted
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import share_out

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
class PlannedPosition:
    """A stored plan with what it was made of.

    Args:
        proposals: the order ids of proposals by the Monday for which they were made.
        wanted: why customers want it here in a bucket; a sum that differs from the plan's is put
            right.
    """

    netting: Netting
    horizon: Horizon
    supplies: tuple[Supply, ...] = ()
    proposals: Mapping[date, UUID] = field(default_factory=dict)
    wanted: Callable[[int], Sequence[Part]] = lambda _: ()


class Start(NamedTuple):
    """An order that starts on a day, and takes components: so much of its item is started."""

    order_id: UUID
    quantity: int
    day: date


@dataclass(frozen=True)
class Pegs:
    """The pegging of an item at a site, traced no further than to the orders above.

    What comes and what is wanted lie on one line each, in the order in which netting takes them:
    whatever covers the same stretch belongs together. The weeks of the line are looked into only
    where somebody asks.

    Args:
        key: the item-site.
        position: its plan.
        policy: how it is planned.
        above: what takes it, or may take it as an alternate: pegging of the user, and its line.
    """

    key: ItemSite
    position: PlannedPosition
    policy: PlanningPolicy
    above: "Sequence[tuple[Pegs, BillLine]]" = ()

    @cached_property
    def sources(self) -> Sequence[Source]:
        """What comes, in the order in which netting takes it; after that what it leaves alone."""
        netting, position = self.position.netting, self.position
        by_date = sorted(position.supplies, key=lambda one: (one.due, str(one.order_id)))
        coming = [
            (Source("open", one.order_id, one.due, one.quantity), position.horizon.bucket(one.due))
            for one in by_date
        ]
        return [
            *([Source("stock", None, None, netting.on_hand)] if netting.on_hand > 0 else ()),
            *(source for source, bucket in coming if bucket is not None),
            *(
                Source("planned", self._new[order.bucket], order.due, units)
                for order in netting.orders
                if (units := order.quantity)
            ),
            *(source for source, bucket in coming if bucket is None),
        ]

    @cached_property
    def _new(self) -> Mapping[int, UUID]:
        """What names the new order of each bucket that has one."""
        mondays, proposals = self.position.horizon.mondays, self.position.proposals
        return {
            order.bucket: proposals.get(monday) or planned_id(self.key, monday)
            for order in self.position.netting.orders
            if (monday := mondays[order.bucket])
        }

    @cached_property
    def of_order(self) -> Mapping[UUID, int]:
        """The place of each order among the sources."""
        return {
            source.order_id: place
            for place, source in enumerate(self.sources)
            if source.order_id is not None
        }

    def parts_of(self, place: int) -> Sequence[Part]:
        """What a source is for; the parts sum to it."""
        if place not in self._parts:
            self._parts[place] = self._parts_of(place)
        return self._parts[place]

    def _parts_of(self, place: int) -> list[Part]:
        source = self.sources[place]
        if source.due and self.position.horizon.bucket(source.due) is None:
            return [Part(Origin("after_horizon", *self.key), (), source.quantity)]
        begin = sum(one.quantity for one in self.sources[:place])
        parts = list(self._stretch(begin, begin + source.quantity))
        if rest := source.quantity - sum(part.quantity for part in parts):
            kind: OriginKind = "lot" if source.kind == "planned" else "surplus"
            parts.append(Part(Origin(kind, *self.key), (), rest))
        return parts

    def covers_of(self, bucket: int) -> list[tuple[Part, list[Cover]]]:
        """Each part that is wanted in a bucket, with what covers it; what is missing has none."""
        found = []
        begin = self._ends[bucket + 1]
        for part in self.wanted_in(bucket):
            end = begin + part.quantity
            covers = []
            arrived = 0
            for source in self._inside:
                covered = min(end, arrived + source.quantity) - max(begin, arrived)
                if covered > 0:
                    covers.append(Cover(source, Part(part.origin, part.via, covered)))
                arrived += source.quantity
            found.append((part, covers))
            begin = end
        return found

    def wanted_in(self, bucket: int) -> Sequence[Part]:
        """What is wanted in a bucket: the surest first, summing to its gross demand."""
        if bucket not in self._wanted:
            parts = [*self.position.wanted(bucket)]
            for user, line in self.above:
                parts += self._taken(bucket, user, line)
            other = Origin("other", *self.key, week=self.position.horizon.mondays[bucket])
            self._wanted[bucket] = fitted(parts, self.position.netting.gross[bucket], other)
        return self._wanted[bucket]

    def _taken(self, bucket: int, user: "Pegs", line: BillLine) -> list[Part]:
        """What the orders above that start in a bucket take of it, rounded together, once."""
        starts = [start for start in user.starts.get(bucket, ()) if line.holds(start.day)]
        moves = [
            move
            for move in self.position.netting.stand_ins
            if move.bucket == bucket and _of_line(move, line)
        ]
        if line.component == self.key.item:
            taken = line.required(sum(start.quantity for start in starts))
            taken -= sum(move.spared for move in moves)
        else:
            taken = sum(move.taken for move in moves if move.alternate == self.key.item)
        if not starts or taken <= 0:
            return []
        week = self.position.horizon.mondays[bucket]
        return [
            Part(Origin("order", *user.key, week=week, reference=start.order_id), (), share)
            for start, share in zip(
                starts, share_out(taken, [start.quantity for start in starts]), strict=True
            )
            if share
        ]

    @cached_property
    def _parts(self) -> dict[int, Sequence[Part]]:
        return {}

    @cached_property
    def _wanted(self) -> dict[int, Sequence[Part]]:
        return {}

    @cached_property
    def _inside(self) -> Sequence[Source]:
        bucket = self.position.horizon.bucket
        return [one for one in self.sources if one.due is None or bucket(one.due) is not None]

    @cached_property
    def _ends(self) -> Sequence[int]:
        """Where on the line of what is wanted each block ends: backlog, safety stock, weeks."""
        netting = self.position.netting
        backlog = max(-netting.on_hand, 0)
        return list(accumulate((backlog, self.policy.safety_stock, *netting.gross)))

    def _stretch(self, begin: int, end: int) -> Iterator[Part]:
        """What is wanted on a stretch of the line."""
        at = 0
        for place, stop in enumerate(self._ends):
            if stop > begin and at < end:
                for part in self._block(place):
                    if (units := min(end, at + part.quantity) - max(begin, at)) > 0:
                        yield Part(part.origin, part.via, units)
                    at += part.quantity
            at = stop

    def _block(self, place: int) -> Sequence[Part]:
        if place > 1:
            return self.wanted_in(place - 2)
        kind: OriginKind = "safety_stock" if place else "backlog"
        quantity = self.policy.safety_stock if place else max(-self.position.netting.on_hand, 0)
        return [Part(Origin(kind, *self.key), (), quantity)] if quantity else []

    @cached_property
    def starts(self) -> Mapping[int, Sequence[Start]]:
        """The orders that start in each bucket: new ones, and open ones that are not sent yet."""
        position = self.position
        starts: dict[int, list[Start]] = defaultdict(list)
        for order in position.netting.orders:
            if (bucket := position.horizon.bucket(order.release)) is not None:
                start = Start(self._new[order.bucket], order.started, order.release)
                starts[bucket].append(start)
        for supply in position.supplies:
            if supply.kind == "firm":
                day = max(supply.release or supply.due, position.horizon.today)
                if (bucket := position.horizon.bucket(day)) is not None:
                    units = self.policy.to_start(supply.quantity)
                    starts[bucket].append(Start(supply.order_id, units, day))
        return starts


def _of_line(move: StandIn, line: BillLine) -> bool:
    return (move.parent, move.component, move.valid_from) == (
        line.parent,
        line.component,
        line.valid_from,
    )


def peg(
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    positions: Mapping[ItemSite, PlannedPosition],
) -> dict[ItemSite, Pegs]:
    """Peg item-sites.

    Args:
        bill: who takes what.
        policies: of everything that is planned.
        positions: of the item-sites and of all above them at the same site.
    """
    found: dict[ItemSite, Pegs] = {}
    for key in sorted(positions, key=lambda one: bill.level(one.item)):
        above_it = [
            (found[user], line)
            for line in bill.taking(key.item)
            if (user := ItemSite(line.parent, key.site)) in found and policies[user].source != "buy"
        ]
        found[key] = Pegs(key, positions[key], policies[key], above_it)
    return found


def trace(
    parts: Iterable[Part],
    pegs: Mapping[ItemSite, Pegs],
    into: Callable[[Origin], bool] = lambda _: True,
) -> Iterator[Part]:
    """Trace parts up to their origins, through every order above; they sum to what is traced.

    Args:
        parts: of an order, or of a demand.
        pegs: of all that is above.
        into: which orders above are traced; the parts of the others are left out.
    """
    for part in parts:
        origin = part.origin
        if origin.kind != "order":
            yield part
        elif into(origin):
            assert origin.reference is not None, "an order has an id"
            user = pegs[ItemSite(origin.item, origin.place)]
            for_it = user.parts_of(user.of_order[origin.reference])
            through = (*part.via, Via(origin.item, origin.place, origin.reference))
            shares = share_out(part.quantity, [one.quantity for one in for_it])
            split = [
                Part(one.origin, through, units)
                for one, units in zip(for_it, shares, strict=True)
                if units
            ]
            yield from trace(split, pegs, into)


def above(keys: Iterable[ItemSite], bill: BillOfMaterial) -> set[ItemSite]:
    """These item-sites and all that use them or what they may stand in for, at the same site."""
    rest = list(keys)
    found: set[ItemSite] = set()
    while rest:
        if (key := rest.pop()) not in found:
            found.add(key)
            rest += [ItemSite(item, key.site) for item in bill.together(key.item)]
            rest += [ItemSite(line.parent, key.site) for line in bill.taking(key.item)]
    return found
