"""The company's rows as the public REST routes take them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from takt.standalone.company.rows import (
    Company,
    Deal,
    DealLine,
    Item,
    Sale,
    Supplier,
    SupplierItem,
)

CRM = "demo-crm"
ERP = "demo-erp"

Body = dict[str, Any]


def owner_code(name: str) -> str:
    """An owner's code of their name."""
    return name.lower().replace(" ", ".")


def company_body(company: Company) -> Body:
    """For PUT /v1/company."""
    return {
        "name": company.name,
        "currency": company.currency,
        "time_zone": company.time_zone,
        "payment_days": 30,
    }


def catalog_bodies(company: Company) -> dict[str, list[Body]]:
    """For POST /v1/<noun>/upserts, in an order in which each refers to earlier ones only."""
    return {
        "regions": [
            {"code": region.code, "name": region.name, "parent": region.parent}
            for region in company.regions
        ],
        "products": [
            {
                "code": product.code,
                "name": product.name,
                "family": product.family,
                "list_price": str(product.list_price),
                "cost": str(product.cost),
            }
            for product in company.products
        ],
        "teams": [
            {"code": team.code, "name": team.name, "parent": team.parent, "region": team.region}
            for team in company.teams
        ],
        "owners": [
            {"code": owner_code(owner), "name": owner, "team": team.code}
            for team in company.teams
            for owner in team.owners
        ],
        "accounts": [
            {
                "source": CRM,
                "external_id": account.external_id,
                "name": account.name,
                "sector": account.sector,
                "region": account.region,
                "payment_days": account.payment_days,
            }
            for account in company.accounts
        ],
        "price-rules": [
            {
                "code": rule.code,
                "role": "sales-manager",
                "family": rule.family,
                "maximum_discount": str(rule.max_discount),
                "minimum_gross_margin": str(rule.min_gross_margin),
            }
            for rule in company.price_rules
        ],
    }


def network_bodies(company: Company) -> dict[str, list[Body]]:
    """For PUT /v1/<noun>, in an order in which each refers to earlier ones only.

    What is there comes before what is needed, so that planning proposes only what is missing.
    """
    payment_days = {supplier.code: supplier.payment_days for supplier in company.suppliers}
    return {
        "calendars": [
            {
                "code": calendar.code,
                "minutes": list(calendar.minutes),
                "exceptions": {str(day): minutes for day, minutes in calendar.exceptions.items()},
            }
            for calendar in company.calendars
        ],
        "sites": [
            {"code": site.code, "name": site.name, "calendar": site.calendar}
            for site in company.sites
        ],
        "resources": [
            {
                "code": resource.code,
                "calendar": resource.calendar,
                "units": str(resource.units),
                "overtime_minutes": str(resource.overtime_minutes),
            }
            for resource in company.resources
        ],
        "items": [_item(item, company) for item in company.items],
        "bills-of-material": _bills(company),
        "routings": [
            {
                "item": one.item,
                "site": one.site,
                "operations": [
                    {
                        "resource": one.resource,
                        "minutes": str(one.minutes),
                        "setup_minutes": str(one.setup_minutes),
                    }
                ],
            }
            for one in company.operations
        ],
        "stock": [
            {"item": stock.item, "site": stock.site, "on_hand": str(stock.on_hand)}
            for stock in company.stocks
        ],
        "suppliers": [
            _supplier(supplier, company.supplier_items) for supplier in company.suppliers
        ],
        "purchase-orders": [
            {
                "number": order.number,
                "item": order.item,
                "site": order.site,
                "supplier": order.supplier,
                "quantity": str(order.quantity),
                "price": str(order.price),
                "payment_days": payment_days[order.supplier],
                "ordered_on": str(order.ordered_on),
                "due_on": str(order.due_on),
                "received_on": _day(order.received_on),
            }
            for order in company.orders
        ],
        "sourcing": _sourcing(company),
    }


def fixed_payments_body(company: Company) -> Body:
    """For PUT /v1/fixed-payments."""
    return {
        "items": [
            {
                "code": payment.code,
                "name": payment.name,
                "category": payment.category,
                "amount": str(payment.amount),
                "recurrence": payment.recurrence,
                "first_on": str(payment.first),
            }
            for payment in company.fixed_payments
        ]
    }


def deal_body(deal: Deal, shipped: bool) -> Body:
    """For POST /v1/deals/upserts."""
    documents = [{"kind": "requirements", "name": "Requirements"}]
    return {
        "source": CRM,
        "external_id": deal.external_id,
        "sequence": 1,
        "name": deal.name,
        "account": deal.account,
        "owner": owner_code(deal.owner),
        "region": deal.region,
        "pipeline": "default",
        "stage": deal.stage,
        "history": [
            {"stage": entry.stage, "entered_at": entry.entered_at.isoformat()}
            for entry in deal.history
        ],
        "expected_close": str(deal.expected_close),
        "payment_days": deal.payment_days,
        "manual_probability": None
        if deal.manual_probability is None
        else str(deal.manual_probability),
        "lines": [_line(line) for line in deal.lines],
        "documents": documents if deal.requirements_completed else [],
        "reason": deal.reason,
        "shipped": shipped,
    }


def sale_body(sale: Sale, line_ids: Mapping[str, str]) -> Body:
    """For POST /v1/sales/upserts.

    Args:
        sale: an order line of the ERP.
        line_ids: Takt's ids of deal lines, by their references.
    """
    return {
        "source": ERP,
        "order_line": sale.order_line,
        "sequence": 1,
        "product": sale.product,
        "region": sale.region,
        "quantity": str(sale.quantity),
        "price": str(sale.price),
        "sold_on": str(sale.sold_on),
        "requested_date": str(sale.requested_on),
        "payment_days": sale.payment_days,
        "deal_line_id": line_ids[sale.deal_line] if sale.deal_line else None,
        "shipped_quantity": str(sale.quantity if sale.shipped_on else 0),
        "shipped_on": _day(sale.shipped_on),
    }


def history_body(sales: Iterable[Sale]) -> Body:
    """For POST /v1/demand-history/imports."""
    return {
        "source": ERP,
        "rows": [
            {
                "order_line": sale.order_line,
                "product": sale.product,
                "region": sale.region,
                "date": str(sale.requested_on),
                "quantity": str(sale.quantity),
                "price": str(sale.price),
            }
            for sale in sales
        ],
    }


def _line(line: DealLine) -> Body:
    return {
        "reference": line.reference,
        "product": line.product,
        "quantity": str(line.quantity),
        "price": str(line.price),
        "requested_date": str(line.requested_on),
    }


def _item(item: Item, company: Company) -> Body:
    made = item.source == "made"
    return {
        "code": item.code,
        "name": item.name,
        "sites": [
            {
                "site": stock.site,
                "source": "make" if made else "buy",
                "safety_stock": str(stock.safety_stock),
                "lead_time_days": item.lead_time_days if made else 0,
                "tolerance_days": 2,
                "tolerance_share": "0.05",
            }
            for stock in company.stocks
            if stock.item == item.code
        ],
    }


def _supplier(supplier: Supplier, offers: Iterable[SupplierItem]) -> Body:
    return {
        "code": supplier.code,
        "name": supplier.name,
        "calendar": supplier.calendar,
        "payment_days": supplier.payment_days,
        "offers": [
            {
                "item": offer.item,
                "lead_time_days": supplier.lead_time_days,
                "minimum": str(offer.minimum),
                "multiple": str(offer.multiple),
                "price_breaks": [
                    {"quantity": str(quantity), "price": str(price)}
                    for quantity, price in offer.prices
                ],
            }
            for offer in offers
            if offer.supplier == supplier.code
        ],
    }


def _bills(company: Company) -> list[Body]:
    components: dict[str, list[Body]] = defaultdict(list)
    for line in company.bill_lines:
        components[line.parent].append(
            {"component": line.component, "quantity": str(line.quantity)}
        )
    return [{"item": item, "components": parts} for item, parts in components.items()]


def _sourcing(company: Company) -> list[Body]:
    shares: dict[tuple[str, str, date], list[Body]] = defaultdict(list)
    for share in company.sourcing:
        shares[share.product, share.region, share.valid_from].append(
            {"site": share.site, "share": str(share.share)}
        )
    return [
        {"product": product, "region": region, "valid_from": str(valid_from), "shares": parts}
        for (product, region, valid_from), parts in shares.items()
    ]


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
