"""What the loader sends fits what the routes take: the services' own request models read it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from takt.deals.schemas.catalog import (
    AccountIn,
    CompanyIn,
    OwnerRow,
    PriceRuleRow,
    ProductRow,
    RegionRow,
    TeamRow,
)
from takt.deals.schemas.deals import DealUpserts
from takt.deals.schemas.sales import SalesIn
from takt.forecast.schemas import DemandImport, DemandRowIn
from takt.standalone.company import Company, generate_company, wire
from takt.standalone.company.load import has_left
from takt.supply_planning.schemas.finance import FixedPaymentsBody
from takt.supply_planning.schemas.network import (
    BillOfMaterial,
    Calendar,
    Item,
    Many,
    Site,
    Sourcing,
    Stock,
    Supplier,
)
from takt.supply_planning.schemas.planning import PlacedOrder
from takt.supply_planning.schemas.shop import Resource, Routing

# Its fixture is made once, on one worker.
pytestmark = pytest.mark.xdist_group("company")


@pytest.fixture(scope="module")
def company() -> Company:
    return generate_company(20, datetime(2026, 11, 23, tzinfo=UTC))


def read(model: Any, body: Any) -> Any:
    """The body as a route reads it: JSON into its request model."""
    return TypeAdapter(model).validate_json(json.dumps(body))


@pytest.mark.parametrize(
    ("noun", "row"),
    [
        ("regions", RegionRow),
        ("products", ProductRow),
        ("teams", TeamRow),
        ("owners", OwnerRow),
        ("accounts", AccountIn),
        ("price-rules", PriceRuleRow),
    ],
)
def test_the_catalog_fits(company: Company, noun: str, row: type) -> None:
    bodies = wire.catalog_bodies(company)[noun]
    assert len(read(list[row], bodies)) == len(bodies) > 0  # type: ignore[valid-type]


@pytest.mark.parametrize(
    ("noun", "row"),
    [
        ("calendars", Calendar),
        ("sites", Site),
        ("items", Item),
        ("suppliers", Supplier),
        ("bills-of-material", BillOfMaterial),
        ("sourcing", Sourcing),
        ("stock", Stock),
        ("purchase-orders", PlacedOrder),
        ("resources", Resource),
        ("routings", Routing),
    ],
)
def test_the_network_fits(company: Company, noun: str, row: type) -> None:
    bodies = wire.network_bodies(company)[noun]
    many = read(Many[row], {"items": bodies})  # type: ignore[valid-type]
    assert len(many.items) == len(bodies) > 0


def test_company_and_fixed_payments_fit(company: Company) -> None:
    assert read(CompanyIn, wire.company_body(company)).currency == "EUR"
    fixed = read(FixedPaymentsBody, wire.fixed_payments_body(company))
    assert len(fixed.items) == len(company.fixed_payments)


def test_deals_fit_with_their_whole_history(company: Company) -> None:
    for deal in company.deals:
        [read_deal] = read(
            DealUpserts, {"items": [wire.deal_body(deal, shipped=deal.status == "won")]}
        ).items
        assert [entry.stage for entry in read_deal.history] == [e.stage for e in deal.history]
        assert read_deal.stage == read_deal.history[-1].stage


def test_sales_fit_as_order_lines_and_as_history(company: Company) -> None:
    line_id = "01a20ac2-f113-7140-992f-52bb090a5b69"
    for sale in company.sales[-500:]:
        body = wire.sale_body(sale, {sale.deal_line: line_id} if sale.deal_line else {})
        [read_sale] = read(SalesIn, {"items": [body]}).items
        assert (read_sale.deal_line_id is None) == (sale.deal_line is None)
        assert (read_sale.shipped_on is None) == (read_sale.shipped_quantity == 0)
    history = read(DemandImport, wire.history_body(company.sales[:1000]))
    assert len(read(list[DemandRowIn], history.rows)) == 1000


def test_a_won_deal_is_told_as_shipped_when_all_that_it_sold_has_left(company: Company) -> None:
    """Else a load would put months of sales into the present week's demand for a moment."""
    open_sales = {sale.deal for sale in company.sales if sale.deal and sale.shipped_on is None}
    today = company.as_of.date()
    shipped = {deal.external_id for deal in company.deals if has_left(deal, today)}
    won = {deal.external_id for deal in company.deals if deal.status == "won"}
    assert shipped == won - open_sales
    assert shipped
    assert won & open_sales
