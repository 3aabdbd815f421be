"""Promise dates and quantities to customers, and never the same unit twice.

The plan of an item at a site is the lock of its stock, its orders and its promises: whoever
reserves holds it from reading what is free until the promise is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import new_id, wall_now
from takt.common.problems import Problem
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance, SitePart, promise_by_sites
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.domain.sourcing import SourcingRule, rule_on
from takt.supply_planning.service.problems import (
    ExpiryPassed,
    LineSold,
    NothingToPromise,
    NotServed,
    ReservationClosed,
    ReservationNotFound,
)
from takt.supply_planning.store import promises as store
from takt.supply_planning.store.network import known_network, load_network
from takt.supply_planning.store.planning import lock_plans
from takt.supply_planning.store.promises import Held, OrderLine, Promisable, Reservation

HELD_FOR = timedelta(days=7)
"""How long a promise is kept when nobody says until when."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer wants, and for which line if it is known."""

    product: str
    region: str
    quantity: Decimal
    wanted_on: date
    line: OrderLine

    @property
    def series(self) -> Series:
        """What is sold where."""
        return self.product, self.region


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish that is to be kept.

    Args:
        expires_at: None for `HELD_FOR` from now.
        by: who asks.
        request, body_hash: what tells repeats apart.
    """

    wish: Wish
    deal_id: UUID | None
    expires_at: datetime | None
    by: str
    request: bytes
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Quote:
    """What can be promised of a wish; `orderable_on` is when the rest could be there at best."""

    wish: Wish
    parts: tuple[SitePart, ...]
    orderable_on: date | None


async def reserve(tx: Tx, asked: Sequence[Asked], now: datetime) -> list[Reservation | Problem]:
    """Promise what is free, one after another, and keep it from others until it expires.

    A new promise for a line takes the place of the one that it has. Who asks again is answered
    again.

    Args: asked: each line and each request once.

    Returns: of each a promise, or why there is none: ExpiryPassed, NotServed, LineSold; or
        NothingToPromise, when all is given away.
    """
    at = wall_now()
    network, rules, found = await _read(tx, [one.wish for one in asked], now, lock=True)
    known = await store.asked_before(tx, [one.request for one in asked])
    balances = dict(found.balances)
    answers: list[Reservation | Problem] = []
    made: list[Reservation] = []
    for one, rule in zip(asked, rules, strict=True):
        if one.request in known:
            answers.append(known[one.request])
            continue
        answer = _promised(one, rule, network, balances, found, at, now)
        answers.append(answer)
        if isinstance(answer, Reservation):
            made.append(answer)
    if made:
        held = (found.held.get(one.line) for one in made)
        await store.reserve(tx, made, [one.reservation_id for one in held if one])
    return answers


def _promised(
    asked: Asked,
    rule: SourcingRule | None,
    network: Network,
    balances: dict[ItemSite, Balance],
    found: Promisable,
    at: datetime,
    now: datetime,
) -> Reservation | Problem:
    wish = asked.wish
    if asked.expires_at is not None and asked.expires_at <= at:
        return ExpiryPassed(
            field="expires_at",
            value=asked.expires_at,
            remedy="send a time to come, or leave it out",
        )
    if rule is None or not _keys(wish.series, [rule], network):
        return _not_served(wish.series)
    if wish.line in found.sold:
        return LineSold(
            field="line_id" if wish.line.line_id else "order_line",
            value=wish.line.line_id or wish.line.order_line,
            remedy="what is sold is bound already; ask /v1/available-to-promise for more",
        )
    quote = _quote(wish, rule, network, balances, found.held, now)
    if not quote.parts:
        when = f"; more could be there on {quote.orderable_on}" if quote.orderable_on else ""
        return NothingToPromise(
            field="quantity",
            value=wish.quantity,
            remedy="ask for a later date, approve the orders that are proposed, or have something"
            f" released{when}",
            orderable_on=str(quote.orderable_on) if quote.orderable_on else None,
        )
    return Reservation(
        new_id(),
        asked.deal_id,
        wish.line,
        wish.product,
        wish.region,
        wish.quantity,
        wish.wanted_on,
        quote.parts,
        asked.by,
        at,
        asked.expires_at or at + HELD_FOR,
        quote.orderable_on,
        asked.request,
        asked.body_hash,
    )


async def quote_lines(tx: Tx, wishes: Sequence[Wish], now: datetime) -> list[Quote]:
    """What can be promised of wishes that are had together; nothing is reserved by it."""
    network, rules, found = await _read(tx, wishes, now, lock=False)
    balances = dict(found.balances)
    return [
        _quote(wish, rule, network, balances, found.held, now)
        for wish, rule in zip(wishes, rules, strict=True)
    ]


async def balances_of_series(
    tx: Tx, series: Series, now: datetime
) -> tuple[Network, Mapping[date, SourcingRule], Mapping[str, Balance]]:
    """The balances of the sites that serve a series, and the rule of each week of the horizon.

    Raises: NotServed: no site serves it in any of them.
    """
    network = await known_network(tx)
    while True:
        rules = network.sourcing.get(series, ())
        horizon = network.horizon(now)
        days = [max(monday, horizon.today) for monday in horizon.mondays]
        by_day = {day: rule for day in days if (rule := rule_on(day, rules))}
        keys = _keys(series, by_day.values(), network)
        found = await store.read_balances(tx, keys, network, network.today(now))
        if found.revision == network.revision:
            break
        network = await load_network(tx)
    if not keys:
        raise _not_served(series)
    return network, by_day, {key.site: balance for key, balance in found.balances.items()}


async def balance_of(tx: Tx, key: ItemSite, now: datetime) -> tuple[Network, Balance | None]:
    """The balance of an item at a site; None when it is not planned there."""
    network = await known_network(tx)
    while True:
        found = await store.read_balances(tx, [key], network, network.today(now))
        if found.revision == network.revision:
            break
        network = await load_network(tx)
    return network, found.balances[key] if key in network.policies else None


async def release(tx: Tx, reservation_id: UUID) -> Reservation:
    """Give what is reserved back; what was given back already stays so.

    Raises: ReservationNotFound, ReservationClosed: it expired, or became a sale.
    """
    found = await store.find_reservation(tx, reservation_id, lock=True)
    if found is None:
        raise no_reservation(reservation_id)
    if found.state not in ("open", "released"):
        raise ReservationClosed(
            f"it is {found.state}",
            field="reservation_id",
            value=reservation_id,
            remedy="only what is still open can be released",
        )
    if found.state == "open":
        await store.release(tx, reservation_id)
    released = await store.find_reservation(tx, reservation_id)
    assert released is not None, "it was found above"
    return released


def no_reservation(reservation_id: UUID) -> ReservationNotFound:
    """There is no such promise."""
    return ReservationNotFound(
        field="reservation_id", value=reservation_id, remedy="look it up in /v1/reservations"
    )


async def _read(
    tx: Tx, wishes: Sequence[Wish], now: datetime, *, lock: bool
) -> tuple[Network, list[SourcingRule | None], Promisable]:
    """The rule of each wish and all balances that they may take from, locked if asked."""
    network = await known_network(tx)
    while True:
        today = network.today(now)
        rules = [
            rule_on(max(wish.wanted_on, today), network.sourcing.get(wish.series, ()))
            for wish in wishes
        ]
        keys = {
            key
            for wish, rule in zip(wishes, rules, strict=True)
            if rule
            for key in _keys(wish.series, [rule], network)
        }
        if lock:
            await lock_plans(tx, keys)
        lines = [wish.line for wish in wishes]
        found = await store.read_balances(tx, keys, network, today, lines)
        if found.revision == network.revision:
            break
        network = await load_network(tx)
    return network, rules, found


def _keys(series: Series, rules: Collection[SourcingRule], network: Network) -> set[ItemSite]:
    keys = {ItemSite(series[0], site) for rule in rules for site, one in rule.shares.items() if one}
    return keys & network.policies.keys()


def _not_served(series: Series) -> NotServed:
    product, region = series
    return NotServed(
        f"no site that plans {product} serves it in {region}",
        field="region",
        value=region,
        remedy="write who serves it by PUT /v1/sourcing, and the item with that site",
    )


def _quote(
    wish: Wish,
    rule: SourcingRule | None,
    network: Network,
    balances: dict[ItemSite, Balance],
    held: Mapping[OrderLine, Held],
    now: datetime,
) -> Quote:
    """What can be promised of a wish, taken from `balances`; what its line holds is free for it."""
    if rule is None:
        return Quote(wish, (), None)
    free = dict(balances)
    if own := held.get(wish.line):
        for site, day, units in own.parts:
            if (key := ItemSite(own.product, site)) in free:
                free[key] = free[key].giving_back([(day, units)])
    quantity = to_millionths(wish.quantity)
    here = {key.site: one for key, one in free.items() if key.item == wish.product}
    parts = promise_by_sites(rule, here, quantity, wish.wanted_on)
    for site, day, units in parts:
        key = ItemSite(wish.product, site)
        free[key] = free[key].binding([(day, units)])
    if parts:
        balances.update(free)
    missing = sum(part.quantity for part in parts) < quantity
    orderable = _orderable_on(wish.product, rule, network, now) if missing else None
    return Quote(wish, parts, orderable)


def _orderable_on(product: str, rule: SourcingRule, network: Network, now: datetime) -> date | None:
    """When what is ordered today, with all that it is made of, could be there from every site."""
    today = network.today(now)
    latest = today
    for site, share in rule.shares.items():
        if not share:
            continue
        if ItemSite(product, site) not in network.policies:
            return None
        due = today
        while (begin := min(day for _, day in network.critical_path(product, site, due))) < today:
            due += today - begin
        latest = max(latest, due)
    return latest
