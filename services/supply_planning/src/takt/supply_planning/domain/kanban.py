"""Pull by cards: how many a loop has, where they are, and which of them call for goods.

    full -> used up: signalled, free -> ordered: on order -> received: full

A card stands for a container. What is left of an opened container still has its card, so containers
are counted rounded up: the last piece sends the card. Rounded down, the first piece would, a whole
container too early. On hand, on order and signalled are rounded together, for a part of a container
that has come and the rest of it that is on order are one card. Quantities are whole millionths.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from takt.supply_planning.domain.quantity import ceil_div

MOST_CARDS = 100_000
"""In a loop: with more of them the container, the demand or its unit is wrong."""


def cards_needed(
    demand: Decimal | Fraction, lead_time_days: int, safety_share: Decimal, container: Decimal
) -> int:
    """Cards = ceil(D x L x (1 + s) / C), exactly: in floats 70 x 3 x 1.1 / 21 is above 11.

    Args:
        demand: units a day.
        lead_time_days: of the same days, calendar or working ones.
        safety_share: of the demand over the lead time.
        container: units, above 0.
    Source: Monden (1983), Toyota Production System.
    """
    over_lead_time = Fraction(demand) * lead_time_days * (1 + Fraction(safety_share))
    exact = over_lead_time / Fraction(container)
    return ceil_div(exact.numerator, exact.denominator)


@dataclass(frozen=True, slots=True)
class Loop:
    """The cards of an item at a site.

    Args:
        container: what one holds, above 0.
        called: what was signalled and has not been ordered since.
    """

    container: int
    cards: int
    called: int = 0


@dataclass(frozen=True, slots=True)
class Lying:
    """Where the cards are: full + on_order + free = cards + overfull.

    Args:
        full: at containers on hand, an opened one too.
        on_order: open orders will refill them.
        free: used up, and nothing that is on order will refill them.
        overfull: containers beyond the cards.
        unsignalled: of the free ones.
    """

    full: int
    on_order: int
    free: int
    overfull: int
    unsignalled: int


def lying(loop: Loop, on_hand: int, ordered: int) -> Lying:
    """Where the cards of a loop are, by what is on hand and what is on order.

    Stock below nothing is owed to somebody and is in no container: a loop never calls for more than
    its cards, and for the rest when the first of them are refilled.
    """
    there = max(on_hand, 0)
    full = ceil_div(there, loop.container)
    supplied = ceil_div(there + ordered, loop.container)
    all_told = ceil_div(there + ordered + loop.called, loop.container)
    unsignalled = max(loop.cards - all_told, 0)
    return Lying(
        full,
        supplied - full,
        all_told - supplied + unsignalled,
        max(all_told - loop.cards, 0),
        unsignalled,
    )


def counted(loop: Loop, rise: int, ordered: int) -> int:
    """What is still called for when a count finds so much more than was known.

    Returned goods are told as such; what else a count finds, beyond what is on order, is what was
    called for, from where Takt is told no orders.
    """
    return max(loop.called - max(rise - ordered, 0), 0)
