"""What one site has left and another lacks: moves that spare a purchase or bridge a shortage.

Nothing is known of ways between sites: sourcing says which site serves which region, and bills are
made at one site. So every site may give to every other, in one lead time that is asked with. What
is moved in place of something made leaves the demand for its components as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
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
        due: when what is needed in each week must be there, shape (weeks,), not in the past.
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
    """A site that lacks nothing.

    Args:
        spare: above safety stock, now and at the end of each week, shape (weeks + 1,).
        balance: with what it gives bound, too.
    """

    place: Place
    excess: int
    spare: list[int]
    balance: Balance | None

    def give(self, wanted: int, ship_on: date) -> int:
        """Take as much of `wanted` as is there before that day and needed on none after it."""
        week = (ship_on - self.place.stocked.first_week).days // 7
        if not 0 <= week < len(self.spare):
            return 0
        free = min(self.spare[week:])
        if self.balance is not None:
            free = min(free, self.balance.free_on(ship_on))
        given = min(wanted, max(free, 0))
        given -= given % self.place.step
        for place in range(week, len(self.spare)):
            self.spare[place] -= given
        if self.balance is not None and given:
            self.balance = self.balance.binding([(ship_on, given)])
        return given


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
    balance, all_coming, missing, beyond = one.on_hand, one.on_hand + sum(one.scheduled), [], []
    for gross, scheduled in zip(one.gross, one.scheduled, strict=True):
        balance += scheduled - gross
        all_coming -= gross
        missing.append(one.safety_stock - balance)
        beyond.append(one.safety_stock - all_coming if place.bought else 0)
    soon = sum(day < place.new_order_on for day in place.due)
    first = sum(day < reach for day in place.due)
    still = missing[first] if first < soon else 0
    lacks, most = [], 0
    for bucket, units in enumerate(beyond):
        urgent = 0
        if bucket < soon:
            urgent = min(missing[bucket], still) if bucket < first else missing[bucket]
        most = max(most, units, urgent)
        lacks.append(most - most % place.step)
    return lacks


def _among(sites: Sequence[Place], today: date, lead: timedelta) -> Iterable[Transfer]:
    """The moves of one item."""
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
        elif excess := use_of(place.stocked).excess:
            givers.append(_Giver(place, excess, _spare(place.stocked), place.balance))
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


def _spare(one: Stocked) -> list[int]:
    left = [one.on_hand - one.safety_stock]
    for gross, scheduled in zip(one.gross, one.scheduled, strict=True):
        left.append(left[-1] + scheduled - gross)
    return left


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
