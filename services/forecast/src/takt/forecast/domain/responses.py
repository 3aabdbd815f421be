"""What may be done about a competitor's promotion, and the money that each would bring.

    none    what is expected as things stand: U units at the present price p0
    price   a price p in the range, below p0; demand answers by the elasticity e: U (p / p0)^e
    stock   buy fewer units for the window: what is lost even where the competitor takes least

The competitor multiplies demand by f, so that U / f is what was expected without it. The price that
would win that back is p0 f^(-1/e); a response goes no further, nor below the range. Between there
and p0 it is the one with the largest expected margin, (p - cost) U (p / p0)^e, which has its peak
at cost e / (1 + e) where e < -1. Where no cut earns more, the option is told at the lowest such
price, for what it would cost.

Intervals hold 95 %: the errors of the logarithms of f and of (p / p0)^e add in quadrature. They are
those of the two effects; how far a forecast misses by itself is the same for each option and is in
its own interval. A gain is beside doing nothing: what all options share is not in its interval.
An elasticity counts when its whole interval is below zero. Nothing here is done: a person decides.
Source: Phillips (2005), Pricing and Revenue Optimization, ch. 3, for the price of most margin.
"""

from dataclasses import dataclass, replace
from math import exp, log
from typing import Literal

from takt.forecast.domain.elasticities import Effects
from takt.forecast.domain.signals import PRICE, Z95

OptionKind = Literal["none", "price", "stock"]
Why = Literal[
    "as_expected",
    "price_pays",
    "price_costs",
    "nothing_lost",
    "no_elasticity",
    "no_cost",
    "no_room",
    "fewer",
    "no_fewer",
]
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Elasticity:
    """By how many per cent demand changes with one per cent of price, with its 95 % interval."""

    value: float
    low: float
    high: float
    group: str
    """The product, or the family whose products' history is pooled."""
    pooled: bool
    observed: int
    """Weeks of series behind it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A series in the days of a competitor's promotion; prices a unit."""

    units: float
    """Expected of orders not from deals, with the competitor's effect in them."""
    log_factor: float
    error: float
    """Of the logarithm."""
    price: float
    lowest: float | None
    """The end of the range; None where it is not known."""
    highest: float | None
    cost: float | None
    elasticity: Elasticity | None

    @property
    def lost(self) -> float:
        """Units that the competitor takes; negative where its promotion brings some."""
        return self.units * (exp(-self.log_factor) - 1)

    def lost_at_least(self) -> float:
        """Units that it takes at the mild end of its interval."""
        without = self.units * exp(-self.log_factor)
        return max(without * (1 - exp(self.log_factor + Z95 * self.error)), 0.0)


@dataclass(frozen=True, slots=True)
class Between:
    """What is expected, and its 95 % interval."""

    expected: float
    low: float
    high: float

    def times(self, factor: float) -> "Between":
        """All of it so many times; the ends stay in order."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Between(self.expected * factor, low, high)


@dataclass(frozen=True, slots=True)
class Option:
    """A response with what it is expected to bring over the window; money is None without a cost.

    `possible` is False where it cannot be worked out, or there is nothing that it would do.
    """

    kind: OptionKind
    why: Why
    possible: bool = True
    price: float | None = None
    units: Between | None = None
    revenue: Between | None = None
    margin: Between | None = None
    gain: Between | None = None
    """Of margin, beside doing nothing."""
    stock_units: float | None = None
    """Units to buy beside what was planned without the competitor."""
    cash_freed: float | None = None
    best: bool = False


def elasticity_of(effects: Effects | None, group: str, *, pooled: bool) -> Elasticity | None:
    """The elasticity that a history shows; None where it shows none that is surely below zero."""
    if effects is None or PRICE not in effects.names:
        return None
    place = effects.names.index(PRICE)
    low, high = (float(ends[place]) for ends in effects.interval())
    value = float(effects.coefficients[place])
    return Elasticity(value, low, high, group, pooled, effects.rows) if high < 0 else None


def propose(here: Situation) -> list[Option]:
    """None, price and stock; the one with the largest expected margin is the best.

    Of two with the same margin the one that binds less cash. Without a cost none is called best.
    """
    options = [_nothing(here), _price(here), _stock(here)]
    if here.cost is None:
        return options
    possible = [place for place, option in enumerate(options) if option.possible]
    best = max(possible, key=lambda place: _worth(options[place]))
    options[best] = replace(options[best], best=True)
    return options


def _worth(option: Option) -> tuple[float, float]:
    gained = option.gain.expected if option.gain else 0.0
    return gained, option.cash_freed or 0.0


def _nothing(here: Situation) -> Option:
    return replace(_told(here, here.price, 0.0, 0.0), why="as_expected")


def _price(here: Situation) -> Option:
    reach = _reach(here)
    if isinstance(reach, str):
        return Option("price", reach, possible=False)
    lowest, highest, elasticity, cost = reach
    peak = cost * elasticity.value / (1 + elasticity.value) if elasticity.value < -1 else highest
    price = min(max(peak, lowest), highest)
    pays = _gain(here, price, elasticity.value, cost) > NOTHING
    price = price if pays else lowest
    cut = log(price / here.price)
    width = cut * (elasticity.high - elasticity.low) / 2
    gains = [
        _gain(here, price, e, cost) for e in (elasticity.value, elasticity.low, elasticity.high)
    ]
    return replace(
        _told(here, price, cut * elasticity.value, width),
        kind="price",
        why="price_pays" if pays else "price_costs",
        gain=Between(gains[0], min(gains), max(gains)),
    )


def _reach(here: Situation) -> tuple[float, float, Elasticity, float] | Why:
    """The lowest and highest price, the elasticity and the cost; or why there is no response."""
    if here.lost <= NOTHING:
        return "nothing_lost"
    if here.elasticity is None:
        return "no_elasticity"
    if here.cost is None or here.lowest is None or here.highest is None:
        return "no_cost"
    winning_back = here.price * exp(-here.log_factor / here.elasticity.value)
    lowest, highest = max(here.lowest, winning_back), min(here.price, here.highest)
    if lowest >= highest * (1 - NOTHING):
        return "no_room"
    return lowest, highest, here.elasticity, here.cost


def _gain(here: Situation, price: float, elasticity: float, cost: float) -> float:
    answered = (price / here.price) ** elasticity
    return here.units * float((price - cost) * answered - (here.price - cost))


def _stock(here: Situation) -> Option:
    fewer = here.lost_at_least()
    if fewer <= NOTHING:
        why: Why = "nothing_lost" if here.lost <= NOTHING else "no_fewer"
        return Option("stock", why, possible=False)
    return replace(
        _told(here, here.price, 0.0, 0.0),
        kind="stock",
        why="fewer",
        stock_units=-fewer,
        cash_freed=None if here.cost is None else fewer * here.cost,
    )


def _told(here: Situation, price: float, moved: float, width: float) -> Option:
    """What is sold at a price that changes the logarithm of demand by so much, give or take."""
    span = ((Z95 * here.error) ** 2 + width**2) ** 0.5
    middle = here.units * exp(moved)
    units = Between(middle, middle * exp(-span), middle * exp(span))
    margin = None if here.cost is None else units.times(price - here.cost)
    gain = None if here.cost is None else Between(0.0, 0.0, 0.0)
    return Option(
        "none",
        "as_expected",
        price=price,
        units=units,
        revenue=units.times(price),
        margin=margin,
        gain=gain,
    )
