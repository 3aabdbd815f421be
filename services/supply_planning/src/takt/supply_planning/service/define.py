"""Write what planning works in, set by set, and plan what it touches.

Each set is written whole or not at all. Writers take the revision of the network first, so they
follow each other, and a plan that was made meanwhile is made again.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from takt.common.contracts.deals import CompanyChanged, ProductChanged
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.supply_planning.domain.bom import BillCycleError
from takt.supply_planning.domain.consumption import Windows
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.domain.sourcing import WHOLE
from takt.supply_planning.schemas.network import (
    BillOfMaterial,
    Calendar,
    Item,
    ScheduledReceipt,
    Site,
    Sourcing,
    Stock,
    Supplier,
)
from takt.supply_planning.service.kanban import signal
from takt.supply_planning.service.problems import BillCycle, refuse_twice
from takt.supply_planning.service.references import refuse_unknown_codes, refuse_unplanned
from takt.supply_planning.service.replan import lock_reach, replan_items
from takt.supply_planning.store import definitions as store
from takt.supply_planning.store.kanban import answer_calls
from takt.supply_planning.store.network import begin_change, current_network, load_network


async def define_calendars(
    tx: Tx, calendars: Sequence[Calendar], now: datetime, cause: Cause
) -> None:
    """Write calendars; all plans may depend on them."""
    refuse_twice("code", [calendar.code for calendar in calendars])
    await begin_change(tx)
    await store.put(tx, store.PUT_CALENDARS, _rows(calendars))
    await _plan(tx, await store.item_sites(tx), now, cause)


async def define_sites(tx: Tx, sites: Sequence[Site], now: datetime, cause: Cause) -> None:
    """Write sites."""
    refuse_twice("code", [site.code for site in sites])
    await refuse_unknown_codes(tx, "calendars", _calendars_of(sites))
    await begin_change(tx)
    await store.put(tx, store.PUT_SITES, _rows(sites))
    touched = await store.item_sites(tx, sites=[site.code for site in sites])
    await _plan(tx, touched, now, cause)


async def define_suppliers(
    tx: Tx, suppliers: Sequence[Supplier], now: datetime, cause: Cause
) -> None:
    """Write suppliers with all that they offer."""
    refuse_twice("code", [supplier.code for supplier in suppliers])
    for supplier in suppliers:
        refuse_twice("offers", [offer.item for offer in supplier.offers])
    await refuse_unknown_codes(tx, "calendars", _calendars_of(suppliers))
    offers = [
        (f"items.{place}.offers.{number}.item", offer.item)
        for place, supplier in enumerate(suppliers)
        for number, offer in enumerate(supplier.offers)
    ]
    await refuse_unknown_codes(tx, "items", offers)
    await begin_change(tx)
    rows = [supplier.model_dump(mode="json") for supplier in suppliers]
    for row, supplier in zip(rows, suppliers, strict=True):
        for offer_row, offer in zip(row["offers"], supplier.offers, strict=True):
            offer_row["price_breaks"] = [
                (to_millionths(one.quantity), str(one.price)) for one in offer.price_breaks
            ]
    before = await current_network(tx)
    codes = {supplier.code for supplier in suppliers}
    await store.put(tx, store.PUT_SUPPLIERS, json.dumps(rows))
    touched = await store.item_sites(tx, items=sorted({item for _, item in offers}))
    touched |= {key for key, terms in before.terms.items() if terms.supplier in codes}
    await _plan(tx, touched, now, cause)


async def define_items(tx: Tx, items: Sequence[Item], now: datetime, cause: Cause) -> None:
    """Write items and how they are planned. A new item-site begins with a count of nothing."""
    refuse_twice("code", [item.code for item in items])
    for item in items:
        refuse_twice("sites", [one.site for one in item.sites])
    references = [
        (f"items.{place}.sites.{number}.site", one.site)
        for place, item in enumerate(items)
        for number, one in enumerate(item.sites)
    ]
    await refuse_unknown_codes(tx, "sites", references)
    network = await current_network(tx)  # before the change, after which it would be loaded anew
    await begin_change(tx)
    await store.put(tx, store.PUT_ITEMS, _rows(items))
    planned = [
        {
            **one.model_dump(mode="json", exclude={"lot"}),
            "item": item.code,
            "lot_rule": one.lot.rule,
            "lot_quantity": str(one.lot.lot_quantity),
            "lot_periods": one.lot.periods,
        }
        for item in items
        for one in item.sites
    ]
    await store.put(tx, store.PUT_ITEM_SITES, json.dumps(planned), network.today(now))
    await _plan(tx, {ItemSite(row["item"], row["site"]) for row in planned}, now, cause)


async def define_safety_stock(
    tx: Tx, key: ItemSite, quantity: Decimal, now: datetime, cause: Cause
) -> None:
    """Write the safety stock of an item at a site, of which the revision has been taken."""
    await store.put_safety_stock(tx, key, quantity)
    await _plan(tx, [key], now, cause)


async def define_bills(
    tx: Tx, bills: Sequence[BillOfMaterial], now: datetime, cause: Cause
) -> None:
    """Write bills of material whole.

    Raises: BillCycle: with them an item would contain itself, or one that may stand in for it.
    """
    refuse_twice("item", [bill.item for bill in bills])
    references = [(f"items.{place}.item", bill.item) for place, bill in enumerate(bills)]
    references += [
        (f"items.{place}.components.{number}.component", line.component)
        for place, bill in enumerate(bills)
        for number, line in enumerate(bill.components)
    ]
    references += [
        (f"items.{place}.components.{number}.alternates.{rank}.component", other.component)
        for place, bill in enumerate(bills)
        for number, line in enumerate(bill.components)
        for rank, other in enumerate(line.alternates)
    ]
    await refuse_unknown_codes(tx, "items", references)
    await begin_change(tx)
    parents = [bill.item for bill in bills]
    items = {code for _, code in references} | await store.components_of(tx, parents)
    rows = [
        {
            "parent": bill.item,
            "component": line.component,
            "quantity_per": str(line.quantity),
            "scrap": str(line.scrap),
            "valid_from": line.valid_from and line.valid_from.isoformat(),
            "valid_to": line.valid_to and line.valid_to.isoformat(),
            "alternates": [
                (other.component, to_millionths(other.quantity), str(other.scrap))
                for other in line.alternates
            ],
        }
        for bill in bills
        for line in bill.components
    ]
    await store.put(tx, store.PUT_BILLS, json.dumps(rows), parents)
    try:
        await load_network(tx)
    except BillCycleError as error:
        raise BillCycle(
            str(error),
            field=f"items.{_closing(bills, error.cycle)}.components",
            value=" > ".join(error.cycle),
            remedy="take one of these items out of the bill of the item before it",
            cycle=error.cycle,
        ) from error
    touched = await store.item_sites(tx, items=sorted(items))
    await replan_items(tx, {key: [cause] for key in touched}, now)


async def define_sourcing(tx: Tx, rules: Sequence[Sourcing], now: datetime, cause: Cause) -> None:
    """Write which sites serve which region. A product that is sold is an item of the same code."""
    refuse_twice("valid_from", [f"{r.product}|{r.region}|{r.valid_from}" for r in rules])
    await refuse_unknown_codes(
        tx, "items", [(f"items.{place}.product", rule.product) for place, rule in enumerate(rules)]
    )
    shares = [
        (f"items.{place}.shares.{number}.site", one.site)
        for place, rule in enumerate(rules)
        for number, one in enumerate(rule.shares)
    ]
    await refuse_unknown_codes(tx, "sites", shares)
    await begin_change(tx)
    rows = [
        {
            **rule.model_dump(mode="json", exclude={"shares"}),
            "shares": {one.site: int(one.share * WHOLE) for one in rule.shares},
        }
        for rule in rules
    ]
    await store.put(tx, store.PUT_SOURCING, json.dumps(rows))
    touched = await store.item_sites(tx, items=sorted({rule.product for rule in rules}))
    await _plan(tx, touched, now, cause)


async def define_windows(tx: Tx, windows: Windows, now: datetime, cause: Cause) -> None:
    """Write how far orders consume forecast; all plans may depend on it."""
    await begin_change(tx)
    await store.put_windows(tx, windows)
    await _plan(tx, await store.item_sites(tx), now, cause)


async def count_stock(tx: Tx, counts: Sequence[Stock], now: datetime, cause: Cause) -> None:
    """Take counts over as the stock on hand."""
    keys = [ItemSite(count.item, count.site) for count in counts]
    refuse_twice("item", [f"{key.item}|{key.site}" for key in keys])
    network = await current_network(tx)
    refuse_unplanned(keys, network.policies)
    await lock_reach(tx, keys)
    rows = [count.model_dump(mode="json") for count in counts]
    for row in rows:
        row["counted_on"] = row["counted_on"] or network.today(now).isoformat()
    touched = {key: [cause] for key in keys}
    await signal(tx, touched, now, await store.put_stock(tx, json.dumps(rows)))
    await replan_items(tx, touched, now)


async def schedule_receipts(
    tx: Tx, receipts: Sequence[ScheduledReceipt], now: datetime, cause: Cause
) -> None:
    """Write open orders of other systems."""
    refuse_twice("reference", [receipt.reference for receipt in receipts])
    keys = [ItemSite(receipt.item, receipt.site) for receipt in receipts]
    refuse_unplanned(keys, (await current_network(tx)).policies)
    known = await store.known_receipts(tx, [receipt.reference for receipt in receipts])
    touched = {*keys, *(key for key, _ in known.values())}
    await lock_reach(tx, touched)
    await store.put(tx, store.PUT_RECEIPTS, _rows(receipts))
    placed: dict[ItemSite, int] = defaultdict(int)
    for key, receipt in zip(keys, receipts, strict=True):
        before, quantity = known.get(receipt.reference, (key, Decimal(0)))
        more = receipt.quantity - quantity if before == key else receipt.quantity
        placed[key] += max(to_millionths(more), 0)
    await answer_calls(tx, placed)
    await replan_items(tx, {key: [cause] for key in touched}, now)


async def receive_products(
    tx: Tx, events: Sequence[Envelope[ProductChanged]], now: datetime
) -> None:
    """A product that is sold is an item of the same code; planners say where it is planned."""
    newest = {envelope.event.code: envelope.event for envelope in _by_sequence(events)}
    rows = [
        {"code": p.code, "name": p.name, "unit": p.unit, "catalog_sequence": p.sequence}
        for _, p in sorted(newest.items())
    ]
    await store.put(tx, store.PUT_SOLD_ITEMS, json.dumps(rows))


async def receive_company(
    tx: Tx, events: Sequence[Envelope[CompanyChanged]], now: datetime
) -> None:
    """The company's time zone says what day it is, and so which weeks are planned."""
    latest = _by_sequence(events)[-1]
    if await store.put_company(tx, latest.event.time_zone, latest.event.sequence):
        await _plan(tx, await store.item_sites(tx), now, Cause.of(latest))


def _by_sequence(events: Sequence[Envelope[Any]]) -> list[Envelope[Any]]:
    return sorted(events, key=lambda envelope: envelope.event.sequence)


async def _plan(tx: Tx, touched: Iterable[ItemSite], now: datetime, cause: Cause) -> None:
    keys = {key: [cause] for key in touched}
    if keys:
        await load_network(tx)
        await replan_items(tx, keys, now)


def _closing(bills: Sequence[BillOfMaterial], cycle: Collection[str]) -> int:
    """The place of a bill that closes a cycle: of an item in it, or else one that joins two."""

    def part(place: int) -> tuple[bool, int]:
        joined = {
            one.component
            for line in bills[place].components
            if line.alternates
            for one in (line, *line.alternates)
        }
        return bills[place].item in cycle, len(joined.intersection(cycle))

    return max(range(len(bills)), key=part)


def _calendars_of(things: Sequence[Site | Supplier]) -> list[tuple[str, str]]:
    return [
        (f"items.{place}.calendar", thing.calendar)
        for place, thing in enumerate(things)
        if thing.calendar is not None
    ]


def _rows(models: Iterable[Any]) -> str:
    return json.dumps([model.model_dump(mode="json") for model in models])
