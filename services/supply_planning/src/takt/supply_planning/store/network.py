"""The network in memory, and the statements that read and change it.

`network_revision` counts the changes. A process loads the network when it has none, or when the
statement that reads the positions of a plan tells another revision; whoever changes the network
takes that row first.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from takt.common.db import Tx
from takt.supply_planning.domain.bom import BillLine, BillOfMaterial, Part
from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK, LeadTime, WorkingCalendar
from takt.supply_planning.domain.consumption import Windows
from takt.supply_planning.domain.lots import LotPolicy, PriceBreak
from takt.supply_planning.domain.netting import PHANTOM, PlanningPolicy
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.orders import SupplierTerms
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.sourcing import SourcingRule

LOAD = """
SELECT revision, time_zone, consume_early_days, consume_late_days,
    (SELECT jsonb_agg(to_jsonb(c)) FROM calendars c) AS calendars,
    (SELECT jsonb_object_agg(code, calendar) FROM sites) AS sites,
    (SELECT jsonb_object_agg(code, jsonb_build_object(
        'calendar', calendar, 'payment_days', payment_days)) FROM suppliers) AS suppliers,
    (SELECT jsonb_agg(jsonb_build_object(
        'item', item, 'site', site, 'source', source, 'lot_rule', lot_rule,
        'lot_periods', lot_periods, 'lead_time_days', lead_time_days,
        'minutes_per_unit', minutes_per_unit, 'buffer_days', buffer_days,
        'fence_days', fence_days, 'demand_fence_days', demand_fence_days,
        'tolerance_days', tolerance_days,
        'safety_stock', (safety_stock * 1000000)::bigint,
        'lot_quantity', (lot_quantity * 1000000)::bigint,
        'minimum', (minimum * 1000000)::bigint, 'multiple', (multiple * 1000000)::bigint,
        'maximum', (maximum * 1000000)::bigint,
        'tolerance_share', (tolerance_share * 1000000)::bigint,
        'yield_share', yield_share::text, 'unit_cost', unit_cost::text)) FROM item_sites)
        AS item_sites,
    (SELECT jsonb_agg(jsonb_build_object(
        'item', item, 'supplier', supplier, 'lead_time_days', lead_time_days,
        'minimum', (minimum * 1000000)::bigint, 'multiple', (multiple * 1000000)::bigint,
        'maximum', (maximum * 1000000)::bigint, 'price_breaks', price_breaks)
        ORDER BY preference DESC, supplier DESC) FROM item_suppliers) AS item_suppliers,
    (SELECT jsonb_agg(jsonb_build_array(
        parent, component, (quantity_per * 1000000)::bigint, scrap::text, valid_from, valid_to,
        alternates)) FROM bill_lines) AS bill,
    (SELECT jsonb_agg(jsonb_build_array(product, region, valid_from, shares) ORDER BY valid_from)
        FROM sourcing) AS sourcing
FROM network_revision
"""

_kept: dict[str, Network] = {}
"""By database: the newest network that this process has seen."""


async def load_network(tx: Tx) -> Network:
    """Read the network as it stands, and keep it."""
    row = (await tx.exec_driver_sql(LOAD)).mappings().one()
    network = _network(dict(row))
    _kept[_name(tx)] = network
    return network


async def known_network(tx: Tx) -> Network:
    """The network in memory, perhaps an older one; loaded when there is none."""
    return _kept.get(_name(tx)) or await load_network(tx)


async def current_network(tx: Tx) -> Network:
    """The network as it stands: the one in memory when nothing has changed since."""
    known = _kept.get(_name(tx))
    revision = await tx.exec_driver_sql("SELECT revision FROM network_revision")
    if known is not None and known.revision == revision.scalar_one():
        return known
    return await load_network(tx)


async def begin_change(tx: Tx) -> None:
    """Count a change of the network; other changes wait until this one is committed."""
    await tx.exec_driver_sql("UPDATE network_revision SET revision = nextval('network_revisions')")


async def planned_on(tx: Tx) -> date | None:
    """The day on which everything was last planned anew."""
    day: date | None = (
        await tx.exec_driver_sql("SELECT planned_on FROM network_revision")
    ).scalar_one()
    return day


async def note_planned(tx: Tx, day: date) -> None:
    """Everything has been planned anew on this day."""
    await tx.exec_driver_sql("UPDATE network_revision SET planned_on = $1", (day,))


def _name(tx: Tx) -> str:
    return str(tx.engine.url)


def _network(row: dict[str, Any]) -> Network:
    calendars = {one["code"]: working_calendar(one) for one in row["calendars"] or ()}
    sites, suppliers = row["sites"] or {}, row["suppliers"] or {}
    offers: dict[str, dict[str, Any]] = {
        offer["item"]: offer for offer in row["item_suppliers"] or ()
    }
    policies: dict[ItemSite, PlanningPolicy] = {}
    terms: dict[ItemSite, SupplierTerms] = {}
    for one in row["item_sites"] or ():
        key = ItemSite(one["item"], one["site"])
        if one["source"] == "phantom":
            policies[key] = PHANTOM
            continue
        offer = offers.get(key.item) if one["source"] == "buy" else None
        supplier = suppliers[offer["supplier"]] if offer else None
        if offer and supplier:
            terms[key] = SupplierTerms(
                offer["supplier"], _price_breaks(offer["price_breaks"]), supplier["payment_days"]
            )
        receiving = calendars.get(sites[key.site], ROUND_THE_CLOCK)
        work = calendars.get(supplier["calendar"], ROUND_THE_CLOCK) if supplier else receiving
        policies[key] = PlanningPolicy(
            source=one["source"],
            supplier=offer["supplier"] if offer else None,
            safety_stock=one["safety_stock"],
            lot=_lot(one, offer or one),
            lead=LeadTime(
                (offer or one)["lead_time_days"], one["minutes_per_unit"], one["buffer_days"]
            ),
            fence_days=one["fence_days"],
            demand_fence_days=one["demand_fence_days"],
            tolerance_days=one["tolerance_days"],
            tolerance_share=one["tolerance_share"],
            yield_share=Decimal(one["yield_share"]),
            prices=terms[key].price_breaks if key in terms else _cost(one["unit_cost"]),
            work=work,
            receiving=receiving,
        )
    sourcing: dict[tuple[str, str], list[SourcingRule]] = {}
    for product, region, since, shares in row["sourcing"] or ():
        rule = SourcingRule(product, region, date.fromisoformat(since), shares)
        sourcing.setdefault((product, region), []).append(rule)
    return Network(
        revision=row["revision"],
        bill=BillOfMaterial(_bill_line(*one) for one in row["bill"] or ()),
        policies=policies,
        terms=terms,
        sourcing=sourcing,
        zone=ZoneInfo(row["time_zone"]),
        windows=Windows(row["consume_early_days"], row["consume_late_days"]),
    )


def working_calendar(row: Mapping[str, Any]) -> WorkingCalendar:
    """A calendar as it is stored."""
    return WorkingCalendar(
        row["code"],
        tuple(row["minutes"]),
        {date.fromisoformat(day): minutes for day, minutes in row["exceptions"].items()},
    )


def _bill_line(
    parent: str,
    component: str,
    per: int,
    scrap: str,
    valid_from: str | None,
    valid_to: str | None,
    alternates: list[list[Any]],
) -> BillLine:
    return BillLine(
        parent,
        component,
        per,
        Decimal(scrap),
        date.fromisoformat(valid_from) if valid_from else None,
        date.fromisoformat(valid_to) if valid_to else None,
        tuple(Part(other, each, Decimal(lost)) for other, each, lost in alternates),
    )


def _lot(rule: dict[str, Any], limits: dict[str, Any]) -> LotPolicy:
    return LotPolicy(
        rule["lot_rule"],
        rule["lot_quantity"],
        rule["lot_periods"],
        limits["minimum"],
        limits["multiple"],
        limits["maximum"],
    )


def _cost(unit_cost: str | None) -> tuple[PriceBreak, ...]:
    return () if unit_cost is None else (PriceBreak(0, Decimal(unit_cost)),)


def _price_breaks(rows: list[list[Any]]) -> tuple[PriceBreak, ...]:
    return tuple(PriceBreak(quantity, Decimal(price)) for quantity, price in rows)
