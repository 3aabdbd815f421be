"""Available to promise: what stock and open orders still leave for a customer, and from when on.

What comes is stock and orders that somebody has agreed to; what is bound is what was sold and what
is reserved. Proposals and forecasts are neither. Quantities are millionths, and a promise is for a
date; weeks are for reading.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.sourcing import WHOLE, SourcingRule

LAST_DAY_OF_WEEK = timedelta(days=6)

Part = tuple[date, int]
"""So much from this day on."""


@dataclass(frozen=True)
class Balance:
    """What comes to an item at a site and what of it is bound, day by day.

    Args:
        today: what is overdue, coming or bound, counts for today.
        on_hand: may be negative.
        receipts: what is on its way.
        bound: what was sold and is not shipped, and what is reserved.
    """

    today: date
    on_hand: int
    receipts: tuple[Part, ...] = ()
    bound: tuple[Part, ...] = ()

    @cached_property
    def free(self) -> tuple[Part, ...]:
        """From each day on, what may be given away in all; it only rises, and may begin below zero.

        It is the lowest balance from that day to the end of time: what a later shortage needs is
        taken from before it.
        """
        moves: dict[date, int] = defaultdict(int, {self.today: self.on_hand})
        for day, quantity in self.receipts:
            moves[max(day, self.today)] += quantity
        for day, quantity in self.bound:
            moves[max(day, self.today)] -= quantity
        days = sorted(moves)
        balance = sum(moves.values())
        lowest = balance
        steps = []
        for day in reversed(days):
            lowest = min(lowest, balance)
            steps.append((day, lowest))
            balance -= moves[day]
        return tuple(reversed(steps))

    def free_on(self, day: date) -> int:
        """What may be given away in all from this day on; below zero it is missing."""
        found = self.free[0][1]
        for since, quantity in self.free:
            if since > day:
                break
            found = quantity
        return found

    def promise(self, quantity: int, wanted: date) -> tuple[Part, ...]:
        """Cover a quantity as early as it can be from the day on which it is wanted; perhaps less.

        No date that was promised before moves by it.
        """
        first = max(wanted, self.today)
        given = 0
        parts = []
        later = (step for step in self.free if step[0] > first)
        for day, free in ((first, self.free_on(first)), *later):
            if (more := min(free, quantity) - given) > 0:
                parts.append((day, more))
                given += more
        return tuple(parts)

    def binding(self, parts: Iterable[Part]) -> "Balance":
        """The balance after these are promised, too; a negative part gives back."""
        bound: dict[date, int] = defaultdict(int)
        for day, quantity in (*self.bound, *parts):
            bound[day] += quantity
        left = tuple((day, quantity) for day, quantity in bound.items() if quantity)
        return Balance(self.today, self.on_hand, self.receipts, left)

    def giving_back(self, parts: Iterable[Part]) -> "Balance":
        """The balance after these are promised no more."""
        return self.binding((day, -quantity) for day, quantity in parts)


class AvailableWeek(NamedTuple):
    """A week of a balance.

    Args:
        receipts: what comes in it; in the first with what is on hand.
        bound: what is bound for it.
        discrete: what may be given away of what comes in this week.
        cumulative: what may be given away until its end.
        short: what is missing then for what is bound already.
    """

    week: date
    receipts: int
    bound: int
    discrete: int
    cumulative: int
    short: int


def available_weeks(balance: Balance, horizon: Horizon) -> list[AvailableWeek]:
    """The weeks of a balance. The discrete quantities add up to the cumulative ones.

    Source: APICS dictionary, "discrete" and "cumulative available-to-promise" with look-ahead.
    """
    receipts = horizon.spread(balance.receipts)
    receipts[0] += balance.on_hand
    bound = horizon.spread(balance.bound)
    weeks = []
    before = 0
    for place, monday in enumerate(horizon.mondays):
        free = balance.free_on(monday + LAST_DAY_OF_WEEK)
        cumulative = max(free, 0)
        weeks.append(
            AvailableWeek(
                monday,
                receipts[place],
                bound[place],
                cumulative - before,
                cumulative,
                max(-free, 0),
            )
        )
        before = cumulative
    return weeks


class SitePart(NamedTuple):
    """A part of a promise: so much from this day on, from a site."""

    site: str
    day: date
    quantity: int


def promise_by_sites(
    rule: SourcingRule, balances: Mapping[str, Balance], quantity: int, wanted: date
) -> tuple[SitePart, ...]:
    """Promise a quantity of a series from the sites that serve it, each its share.

    A shipment will take from stock by these shares, so nothing else keeps every promise.

    Args: balances: of the sites that plan the product; another one promises nothing.
    """
    return tuple(
        SitePart(site, day, units)
        for site, part in sorted(rule.divide(quantity).items())
        if site in balances
        for day, units in balances[site].promise(part, wanted)
    )


def whole_on(rule: SourcingRule, balances: Mapping[str, Balance], day: date) -> int:
    """The most of a series that can be there as a whole on a day, each site giving its share."""
    return max(
        min(
            (
                balances[site].free_on(day) * WHOLE // share if site in balances else 0
                for site, share in rule.shares.items()
                if share
            ),
            default=0,
        ),
        0,
    )


def bound_by_sale(unshipped: int, requested: date, promised: Sequence[Part]) -> tuple[Part, ...]:
    """When a sale binds what it has yet to ship, if its deal's line had a promise.

    What is left is what was promised last; what was never promised is wanted on the requested day.
    """
    parts = []
    for day, quantity in sorted(promised, reverse=True):
        if taken := min(quantity, unshipped):
            parts.append((max(day, requested), taken))
            unshipped -= taken
    if unshipped > 0:
        parts.append((requested, unshipped))
    return tuple(sorted(parts))
