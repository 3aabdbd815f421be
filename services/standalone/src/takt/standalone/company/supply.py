"""What lies in the plants and what is on its way, sized to demand."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from random import Random

import numpy as np

from takt.standalone.company.demand import Demand
from takt.standalone.company.rows import (
    BillLine,
    Item,
    Operation,
    PurchaseOrder,
    Resource,
    Site,
    SourcingShare,
    Stock,
    Supplier,
    SupplierItem,
    WorkCalendar,
)

WeeklyUse = Mapping[tuple[str, str], float]
"""Units of (item, site) used in a usual week."""

_USE_WEEKS = 13
_UNPAID_DAYS = 70
_MISSING_ORDERS = 0.12
_NO_ORDER = timedelta(weeks=6)
"""What is on hand lasts so long where nothing is on its way."""
_EIGHT_HOURS = 480
_WEEK_MINUTES = 5 * _EIGHT_HOURS
_PRODUCT_MINUTES, _PART_MINUTES, _SETUP_MINUTES = 90, 40, 60
_BUSY = 0.95
"""The part of a line that a usual week takes: a good one is more than it can do."""
_OVERTIME_SHARE = 0.05


def calendar(code: str, today: date) -> WorkCalendar:
    """Monday to Friday, closed on holidays and from Christmas to New Year, for three years."""
    closed = [
        day
        for year in (today.year - 1, today.year, today.year + 1)
        for day in (
            date(year, 1, 1),
            date(year, 5, 1),
            date(year, 10, 3),
            *(date(year, 12, christmas) for christmas in range(24, 32)),
        )
    ]
    return WorkCalendar(code, (_EIGHT_HOURS,) * 5 + (0, 0), dict.fromkeys(closed, 0))


def weekly_use(
    demand: Demand, sourcing: Sequence[SourcingShare], bill_lines: Sequence[BillLine], today: date
) -> dict[tuple[str, str], float]:
    """Mean use of the coming quarter: products by demand, everything below by the bills."""
    first = (today - demand.weeks[0]).days // 7
    coming = np.mean(demand.mean[:, :, first : first + _USE_WEEKS], axis=2)
    products = {product.code: p for p, product in enumerate(demand.products)}
    regions = {region.code: r for r, region in enumerate(demand.regions)}
    use: dict[tuple[str, str], float] = defaultdict(float)
    for share in sourcing:
        quantity = float(coming[products[share.product], regions[share.region]])
        use[share.product, share.site] += quantity * float(share.share)
    components: dict[str, list[BillLine]] = defaultdict(list)
    for line in bill_lines:
        components[line.parent].append(line)
    pending = list(use.items())
    while pending:
        (item, site), quantity = pending.pop()
        for line in components[item]:
            needed = quantity * float(line.quantity)
            use[line.component, site] += needed
            pending.append(((line.component, site), needed))
    return dict(use)


def assembly(
    use: WeeklyUse, items: Sequence[Item], products: frozenset[str], sites: Sequence[Site]
) -> tuple[tuple[Resource, ...], tuple[Operation, ...]]:
    """An assembly line in each plant, manned for a usual week, and what it makes."""
    made = {item.code for item in items if item.source == "made"}
    operations = tuple(
        Operation(
            item,
            site,
            _line_of(site),
            _PRODUCT_MINUTES if item in products else _PART_MINUTES,
            _SETUP_MINUTES,
        )
        for item, site in sorted(use)
        if item in made
    )
    asked: dict[str, float] = defaultdict(float)
    for one in operations:
        asked[one.site] += use[one.item, one.site] * one.minutes + one.setup_minutes
    resources = []
    for site in sites:
        people = max(1, round(asked[site.code] / _BUSY / _WEEK_MINUTES))
        overtime = round(people * _WEEK_MINUTES * _OVERTIME_SHARE)
        resources.append(Resource(_line_of(site.code), site.calendar, people, overtime))
    return tuple(resources), operations


def _line_of(site: str) -> str:
    return f"ASSEMBLY-{site}"


def stocks(
    use: WeeklyUse,
    items: Sequence[Item],
    products: frozenset[str],
    purchase_orders: Sequence[PurchaseOrder],
    today: date,
    seed: int,
) -> tuple[Stock, ...]:
    """On hand some weeks of use; of what is bought about as much as lasts until the next comes."""
    random = Random(f"{seed}:stock")
    bought = {item.code for item in items if item.source == "bought"}
    comes_on: dict[tuple[str, str], date] = {}
    for order in purchase_orders:
        if order.received_on is None:
            place = order.item, order.site
            comes_on[place] = min(order.due_on, comes_on.get(place, order.due_on))
    rows: list[Stock] = []
    for (item, site), quantity in sorted(use.items()):
        if item in bought:
            until = (comes_on.get((item, site), today + _NO_ORDER) - today).days / 7
            safety_weeks, low, high = 0.8, until + 0.6, until + 2.4
        elif item in products:
            safety_weeks, low, high = 1.0, 0.4, 4.2
        else:
            safety_weeks, low, high = 0.3, 0.1, 1.4
        rows.append(
            Stock(
                item,
                site,
                on_hand=Decimal(round(quantity * random.uniform(low, high))),
                safety_stock=Decimal(math.ceil(quantity * safety_weeks)),
            )
        )
    return tuple(rows)


def orders(
    use: WeeklyUse,
    suppliers: Sequence[Supplier],
    supplier_items: Sequence[SupplierItem],
    today: date,
    seed: int,
) -> tuple[PurchaseOrder, ...]:
    """Orders received and not yet paid, and those that come within the lead time.

    Each item is ordered in a rhythm that its lots give; some orders are missing, so that planning
    has something to propose inside the lead time too.
    """
    random = Random(f"{seed}:purchasing")
    by_code = {supplier.code: supplier for supplier in suppliers}
    rows: list[PurchaseOrder] = []
    for offer in supplier_items:
        supplier = by_code[offer.supplier]
        lead_days = supplier.lead_time_days * 7 // 5
        for site in sorted(site for item, site in use if item == offer.item):
            weekly = use[offer.item, site]
            rhythm = max(2, math.ceil(float(offer.minimum) / weekly))
            due_on = today - timedelta(days=_UNPAID_DAYS - random.randrange(7 * rhythm))
            while due_on < today + timedelta(days=lead_days):
                quantity = _lot(weekly * rhythm * random.uniform(0.85, 1.15), offer)
                comes_on = _working_day(due_on)
                received = comes_on < today
                if received or random.random() >= _MISSING_ORDERS:
                    rows.append(
                        PurchaseOrder(
                            number=f"PO-{70001 + len(rows)}",
                            item=offer.item,
                            site=site,
                            supplier=offer.supplier,
                            quantity=quantity,
                            price=price_of(quantity, offer),
                            ordered_on=_working_day(due_on - timedelta(days=lead_days)),
                            due_on=comes_on,
                            received_on=comes_on if received else None,
                        )
                    )
                due_on += timedelta(weeks=rhythm)
    return tuple(rows)


def price_of(quantity: Decimal, offer: SupplierItem) -> Decimal:
    """The price a unit of the highest break that the quantity reaches."""
    reached = [price for start, price in offer.prices if start <= quantity]
    return reached[-1] if reached else offer.prices[0][1]


def _lot(quantity: float, offer: SupplierItem) -> Decimal:
    """At least the minimum, and a whole multiple."""
    wanted = max(Decimal(math.ceil(quantity)), offer.minimum)
    return (wanted / offer.multiple).to_integral_value(ROUND_CEILING) * offer.multiple


def _working_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
