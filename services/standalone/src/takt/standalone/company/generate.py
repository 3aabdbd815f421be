"""The demonstration company, whole: the same seed and instant give the same company."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from takt.standalone.company import catalog, materials
from takt.standalone.company.demand import generate_demand, orders_without_deals
from takt.standalone.company.money import balances, fixed_payments
from takt.standalone.company.pipeline import generate_deals
from takt.standalone.company.rows import Account, Company, PurchaseOrder, Sale, Supplier
from takt.standalone.company.supply import assembly, calendar, orders, stocks, weekly_use


def generate_company(seed: int, as_of: datetime) -> Company:
    """A company with three years behind it, as it stands at `as_of`.

    Args:
        seed: another one gives other customers' luck, the same company.
        as_of: with a time zone; nothing in the company is later but plans and promises.
    """
    today = as_of.date()
    products, regions, accounts = catalog.products(), catalog.regions(), catalog.accounts()
    sourcing = catalog.sourcing(today - timedelta(weeks=160))
    bills, suppliers = materials.bill_lines(), materials.suppliers()
    offers = materials.supplier_items()
    items = materials.items({product.code: product.name for product in products})

    demand = generate_demand(products, regions, today, seed)
    deals, sales_of_deals = generate_deals(demand, accounts, catalog.teams(), as_of, seed)
    other_sales = orders_without_deals(demand, _terms(accounts), today, seed)
    sales = sorted(
        (*other_sales, *sales_of_deals), key=lambda sale: (sale.sold_on, sale.order_line)
    )

    use = weekly_use(demand, sourcing, bills, today)
    purchase_orders = orders(use, suppliers, offers, today, seed)
    costs = {offer.item: offer.prices[0][1] for offer in offers}
    sold = frozenset(product.code for product in products)
    resources, operations = assembly(use, items, sold, catalog.sites())
    fixed = fixed_payments(demand, today)
    opening, minimum = balances(
        demand,
        _receivables(sales),
        _payables(purchase_orders, suppliers),
        sum(quantity * float(costs.get(item, 0)) for (item, _), quantity in use.items()),
        fixed,
        today,
    )
    return Company(
        name=catalog.NAME,
        currency=catalog.CURRENCY,
        time_zone=catalog.TIME_ZONE,
        as_of=as_of,
        products=products,
        regions=regions,
        teams=catalog.teams(),
        accounts=accounts,
        price_rules=catalog.price_rules(),
        promotions=demand.promotions,
        items=items,
        bill_lines=bills,
        calendars=(calendar(materials.WORKING_WEEK, today),),
        sites=catalog.sites(),
        suppliers=suppliers,
        supplier_items=offers,
        sourcing=sourcing,
        stocks=stocks(use, items, sold, purchase_orders, today, seed),
        resources=resources,
        operations=operations,
        orders=purchase_orders,
        deals=tuple(deals),
        sales=tuple(sales),
        fixed_payments=fixed,
        opening_balance=opening,
        minimum_balance=minimum,
    )


def _terms(accounts: Sequence[Account]) -> dict[str, list[int]]:
    """Payment days of the customers in each region."""
    terms: dict[str, list[int]] = {}
    for account in accounts:
        terms.setdefault(account.region, []).append(account.payment_days)
    return terms


def _receivables(sales: Sequence[Sale]) -> list[tuple[date, Decimal]]:
    """When and how much customers pay for what they bought."""
    return [
        (
            (sale.shipped_on or sale.requested_on) + timedelta(days=sale.payment_days),
            sale.amount,
        )
        for sale in sales
    ]


def _payables(
    purchase_orders: Sequence[PurchaseOrder], suppliers: Sequence[Supplier]
) -> list[tuple[date, Decimal]]:
    """When and how much suppliers are paid."""
    days = {supplier.code: timedelta(days=supplier.payment_days) for supplier in suppliers}
    return [
        ((order.received_on or order.due_on) + days[order.supplier], order.quantity * order.price)
        for order in purchase_orders
    ]
