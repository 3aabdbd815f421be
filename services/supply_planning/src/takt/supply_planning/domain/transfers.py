"""What one site has left and another lacks: moves that spare a purchase or bridge a shortage.

Nothing is known of ways between sites: sourcing says which site serves which region, and bills are
made at one site. So every site may give to every other, in one lead time that is asked with. What
is moved in place of something made leaves the demand for its components as it is.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, groupby, pairwise
from operator import sub
from typing import Literal

from takt.supply_planning.domain.inventory import Stocked, use_of
from takt.supply_planning.domain.lots import worth
from takt.supply_planning.domain.promise import Balance

Why = Literal["shortage", "purchase"]
"""shortage  it is needed before a new order could be there
purchase  it takes the place of a purchase"""

LEAD_DAYS = 7
"""Calendar days from site to site, where nothing is said."""


@dataclass(frozen=True, slots=True)
class Place:
    """An item at a site, and what it would need to buy or make.

    Args:
        bought: more of it is purchased; else it is made.
        due: when what is needed in each week must be there, shape (weeks,), from today on.
        new_order_on: when an order that is placed today is there.
        balance: of what is agreed, less what is promised to customers; None where nothing is.
        step: the smallest part that can be moved, in millionths.
    """

    stocked: Stocked
    bought: bool
    due: Sequence[date]
    new_order_on: date
    balance: Balance | None = None
    step: int = 1


@dataclass(frozen=True, slots=True)
class Transfer:
    """A move from site to site.

    Args:
        needed_by: when it is lacking at `to_site`; `arrives_on` is later where that is too soon.
        spared: what of it would be purchased otherwise.
        saved: its cost at `to_site`; None where no cost is known.
    """

    item: str
    from_site: str
    to_site: str
    quantity: int
    needed_by: date
    ship_on: date
    arrives_on: date
    why: Why
    spared: int
    saved: Decimal | None

    @property
    def place(self) -> tuple[str, date, str, str]:
        """What tells it from the others, in the order in which they are listed."""
        return self.item, self.needed_by, self.to_site, self.from_site


@dataclass(slots=True)
class _Giver:
    """A site that lacks nothing; it is asked in the order of the days on which it would ship.

    Args:
        spare: the least above safety stock from now, and from the end of each week, to the end of
            the horizon: shape (weeks + 1,).
        given: so far.
    """

    place: Place
    excess: int
    spare: Sequence[int]
    given: int = 0

    def give(self, wanted: int, ship_on: date) -> int:
        """Take as much of `wanted` as is there before that day and needed on none after it."""
        week = (ship_on - self.place.stocked.first_week).days // 7
        if week >= len(self.spare):
            return 0
        free = self.spare[week]
        if self.place.balance is not None:
            free = min(free, self.place.balance.free_on(ship_on))
        # What it has given has left by then, so it is missing on that day and on all after it.
        units = min(wanted, max(free - self.given, 0))
        units -= units % self.place.step
        self.given += units
        return units


def propose_transfers(
    places: Iterable[Place], today: date, lead_days: int = LEAD_DAYS
) -> list[Transfer]:
    """Moves in order of their places; the earliest need is met first, from the largest excess.

    A site gives only what it has above demand and safety stock in every week of its horizon from
    the move on, counting open orders on their dates and nothing that is only planned, and nothing
    that is promised to a customer; a site that lacks something gives nothing. No site gets more
    than it lacks (see `lacking`), and nothing that is too late while a new order would be sooner.

    Args: lead_days: calendar days from site to site.
    """
    ordered = sorted(places, key=lambda place: place.stocked.key)
    moves = [
        transfer
        for _, sites in groupby(ordered, key=lambda place: place.stocked.key.item)
        for transfer in _among(list(sites), today, timedelta(days=lead_days))
    ]
    return sorted(moves, key=lambda move: move.place)


def lacking(place: Place, reach: date) -> list[int]:
    """What a site lacks up to each week, in whole steps: shape (weeks,), never falling.

    Of what is bought it is what demand and safety stock ask beyond stock and all open orders, as
    netting sees it, so that it would be purchased. Of all it is also what is missing below safety
    stock in the weeks due before a new order could be there, as open orders are dated; of weeks
    before a move can arrive only what is still missing then. The larger of the two counts.

    Args: reach: when a move that begins today arrives.
    """
    one = place.stocked
    soon, first = bisect_left(place.due, place.new_order_on), bisect_left(place.due, reach)
    lacks = [0] * len(one.gross)
    if place.bought:
        beyond = one.safety_stock - one.on_hand - sum(one.scheduled)
        lacks = [beyond + units for units in accumulate(one.gross)]
    if first < soon:
        missing = [-units for units in _above_safety(one)[1 : soon + 1]]
        still = missing[first]
        urgent = [min(units, still) for units in missing[:first]] + missing[first:]
        lacks[:soon] = map(max, lacks, urgent)
    return [most - most % place.step for most in accumulate(lacks, max, initial=0)][1:]


def _among(sites: Sequence[Place], today: date, lead: timedelta) -> Iterable[Transfer]:
    """The moves of one item."""
    excess = {place.stocked.key.site: use_of(place.stocked).excess for place in sites}
    if not any(excess.values()):
        return
    takers: dict[str, Place] = {}
    lacks: dict[tuple[date, str], int] = {}
    givers: list[_Giver] = []
    for place in sites:
        site, up_to = place.stocked.key.site, lacking(place, today + lead)
        if any(up_to):
            takers[site] = place
            for (before, after), day in zip(pairwise([0, *up_to]), place.due, strict=True):
                if after > before:
                    lacks[day, site] = lacks.get((day, site), 0) + after - before
        elif excess[site]:
            givers.append(_Giver(place, excess[site], _spare(place.stocked)))
    givers.sort(key=lambda giver: (-giver.excess, giver.place.stocked.key))
    to_buy = {site: _to_buy(place) for site, place in takers.items()}
    for (needed_by, site), quantity in sorted(lacks.items()):
        ship_on = max(needed_by - lead, today)
        if ship_on + lead > max(needed_by, takers[site].new_order_on):
            continue
        for giver, given in _gather(givers, quantity, ship_on):
            spared = min(given, to_buy[site])
            to_buy[site] -= spared
            yield Transfer(
                giver.place.stocked.key.item,
                giver.place.stocked.key.site,
                site,
                given,
                needed_by,
                ship_on,
                ship_on + lead,
                "shortage" if needed_by < takers[site].new_order_on else "purchase",
                spared,
                _money(spared, takers[site].stocked.unit_cost),
            )


def _gather(givers: Iterable[_Giver], quantity: int, ship_on: date) -> Iterable[tuple[_Giver, int]]:
    for giver in givers:
        if given := giver.give(quantity, ship_on):
            quantity -= given
            yield giver, given


def _above_safety(one: Stocked) -> list[int]:
    """Now and at the end of each week, with open orders and nothing else: shape (weeks + 1,)."""
    moves = map(sub, one.scheduled, one.gross)
    return list(accumulate(moves, initial=one.on_hand - one.safety_stock))


def _spare(one: Stocked) -> list[int]:
    return list(accumulate(reversed(_above_safety(one)), min))[::-1]


def _to_buy(place: Place) -> int:
    one = place.stocked
    if not place.bought:
        return 0
    return max(sum(one.gross) + one.safety_stock - one.on_hand - sum(one.scheduled), 0)


def _money(quantity: int, unit_cost: Decimal | None) -> Decimal | None:
    """What is not bought saves nothing, whatever it would cost."""
    if not quantity:
        return Decimal(0)
    return None if unit_cost is None else worth(quantity, unit_cost)
