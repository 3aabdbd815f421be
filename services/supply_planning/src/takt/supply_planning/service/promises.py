"""Promise dates and quantities to customers, and never the same unit twice.

The plan of an item at a site is the lock of its stock, its orders and its promises: whoever
reserves holds it from reading what is free until the promise is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import new_id, wall_now
from takt.common.problems import Problem
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance
from takt.supply_planning.domain.sourcing import SourcingRule, rule_on
from takt.supply_planning.service.problems import (
    ExpiryPassed,
    LineSold,
    NothingToPromise,
    NotServed,
    ReservationClosed,
    ReservationNotFound,
)
from takt.supply_planning.service.quoting import Free, Quote, Wish, serving
from takt.supply_planning.store import promises as store
from takt.supply_planning.store.balances import Promisable, read_balances
from takt.supply_planning.store.by_network import read_by_network
from takt.supply_planning.store.planning import lock_plans
from takt.supply_planning.store.promises import OrderLine, Reservation

HELD_FOR = timedelta(days=7)
"""How long a promise is kept when nobody says until when."""


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


async def reserve(tx: Tx, asked: Sequence[Asked], now: datetime) -> list[Reservation | Problem]:
    """Promise what is free, one after another, and keep it from others until it expires.

    A new promise for a line takes the place of the one that it has. Who asks again is answered
    again.

    Args: asked: each line and each request once.

    Returns: of each a promise, or why there is none: ExpiryPassed, NotServed, LineSold; or
        NothingToPromise, when all is given away.
    """
    at = wall_now()
    rules, found, free = await _read(tx, [one.wish for one in asked], now, lock=True)
    known = await store.asked_before(tx, [one.request for one in asked])
    answers: list[Reservation | Problem] = []
    made: list[Reservation] = []
    for one, rule in zip(asked, rules, strict=True):
        if one.request in known:
            answers.append(known[one.request])
            continue
        answer = _promised(one, rule, found.sold, free, at)
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
    sold: Collection[OrderLine],
    free: Free,
    at: datetime,
) -> Reservation | Problem:
    wish = asked.wish
    if asked.expires_at is not None and asked.expires_at <= at:
        return ExpiryPassed(
            field="expires_at",
            value=asked.expires_at,
            remedy="send a time to come, or leave it out",
        )
    if rule is None or not serving(wish.series, [rule], free.network):
        return _not_served(wish.series)
    if wish.line in sold:
        return LineSold(
            field="line_id" if wish.line.line_id else "order_line",
            value=wish.line.line_id or wish.line.order_line,
            remedy="what is sold is bound already; ask /v1/available-to-promise for more",
        )
    quote = free.take(wish, rule)
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
        wish.wanted_on or free.today,
        quote.parts,
        asked.by,
        at,
        asked.expires_at or at + HELD_FOR,
        quote.orderable_on,
        asked.request,
        asked.body_hash,
    )


async def quote_lines(tx: Tx, wishes: Sequence[Wish], now: datetime) -> tuple[date, list[Quote]]:
    """Today, and what can be promised of wishes had together; nothing is reserved by it."""
    rules, _, free = await _read(tx, wishes, now, lock=False)
    return free.today, [free.take(wish, rule) for wish, rule in zip(wishes, rules, strict=True)]


async def balances_of_series(
    tx: Tx, series: Series, now: datetime
) -> tuple[Network, Mapping[date, SourcingRule], Mapping[str, Balance]]:
    """The balances of the sites that serve a series, and the rule of each week of the horizon.

    Raises: NotServed: no site serves it in any of them.
    """

    def by_day(network: Network) -> dict[date, SourcingRule]:
        rules = network.sourcing.get(series, ())
        horizon = network.horizon(now)
        days = [max(monday, horizon.today) for monday in horizon.mondays]
        return {day: rule for day in days if (rule := rule_on(day, rules))}

    async def read(network: Network) -> Promisable:
        keys = serving(series, by_day(network).values(), network)
        return await read_balances(tx, keys, network, network.today(now))

    network, found = await read_by_network(tx, read)
    if not found.balances:
        raise _not_served(series)
    return network, by_day(network), {key.site: one for key, one in found.balances.items()}


async def balance_of(tx: Tx, key: ItemSite, now: datetime) -> tuple[Network, Balance | None]:
    """The balance of an item at a site; None when it is not planned there."""
    network, found = await read_by_network(
        tx, lambda network: read_balances(tx, [key], network, network.today(now))
    )
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
    return replace(found, state="released")


def no_reservation(reservation_id: UUID) -> ReservationNotFound:
    """There is no such promise."""
    return ReservationNotFound(
        field="reservation_id", value=reservation_id, remedy="look it up in /v1/reservations"
    )


async def _read(
    tx: Tx, wishes: Sequence[Wish], now: datetime, *, lock: bool
) -> tuple[list[SourcingRule | None], Promisable, Free]:
    """The rule of each wish and all balances that they may take from, locked if asked."""

    def rules_by(network: Network) -> list[SourcingRule | None]:
        today = network.today(now)
        return [rule_on(wish.day(today), network.sourcing.get(wish.series, ())) for wish in wishes]

    async def read(network: Network) -> Promisable:
        keys = {
            key
            for wish, rule in zip(wishes, rules_by(network), strict=True)
            if rule
            for key in serving(wish.series, [rule], network)
        }
        if lock:
            await lock_plans(tx, keys)
        lines = [wish.line for wish in wishes]
        return await read_balances(tx, keys, network, network.today(now), lines)

    network, found = await read_by_network(tx, read)
    free = Free(network, network.today(now), dict(found.balances), dict(found.held))
    return rules_by(network), found, free


def _not_served(series: Series) -> NotServed:
    product, region = series
    return NotServed(
        f"no site that plans {product} serves it in {region}",
        field="region",
        value=region,
        remedy="write who serves it by PUT /v1/sourcing, and the item with that site",
    )
