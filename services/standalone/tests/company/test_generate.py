import time
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

import pytest

from takt.standalone.company import Company, generate_company
from takt.standalone.company.pipeline import WIN_RATE
from takt.standalone.company.supply import price_of

AS_OF = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
TODAY = AS_OF.date()
STAGES = ["lead-qualification", "needs-confirmation", "solution-design", "negotiation"]

# Its fixture is made once, on one worker.
pytestmark = pytest.mark.xdist_group("company")


@pytest.fixture(scope="module", params=[1, 20])
def company(request: pytest.FixtureRequest) -> Company:
    return generate_company(request.param, AS_OF)


def test_the_same_seed_and_instant_give_the_same_company() -> None:
    assert generate_company(3, AS_OF) == generate_company(3, AS_OF)
    assert generate_company(3, AS_OF) != generate_company(4, AS_OF)


def test_it_takes_less_than_three_seconds() -> None:
    begin = time.process_time()
    generate_company(5, AS_OF)
    assert time.process_time() - begin < 3


@pytest.mark.parametrize(
    "as_of", [datetime(2024, 2, 29, 0, 5, tzinfo=UTC), datetime(2027, 1, 3, 23, 59, tzinfo=UTC)]
)
def test_any_day_can_be_today(as_of: datetime) -> None:
    company = generate_company(1, as_of)
    assert max(sale.sold_on for sale in company.sales) < as_of.date()
    assert all(entry.entered_at < as_of for deal in company.deals for entry in deal.history)
    assert all(
        (order.received_on is not None) == (order.due_on < as_of.date()) for order in company.orders
    )


def test_it_is_of_the_size_that_a_demonstration_needs(company: Company) -> None:
    status = Counter(deal.status for deal in company.deals)
    assert len(company.products) == 24
    assert len({product.family for product in company.products}) == 4
    assert sum(region.share > 0 for region in company.regions) == 4
    assert len(company.accounts) == 60
    assert 250 <= status["open"] <= 370
    assert 1350 <= status["won"] + status["lost"] <= 1700
    assert 14_000 <= len(company.sales) <= 20_000


def test_every_reference_names_something_that_exists(company: Company) -> None:
    products = {product.code for product in company.products}
    regions = {region.code for region in company.regions}
    items = {item.code for item in company.items}
    suppliers = {supplier.code for supplier in company.suppliers}
    sites = {site.code for site in company.sites}
    accounts = {account.external_id: account for account in company.accounts}
    teams = {team.code: team for team in company.teams}

    assert products <= items
    assert {region.parent for region in company.regions} <= {*regions, None}
    assert {team.parent for team in company.teams} <= {*teams, None}
    for line in company.bill_lines:
        assert {line.parent, line.component} <= items
    for offer in company.supplier_items:
        assert offer.supplier in suppliers
        assert offer.item in items
    for stock in company.stocks:
        assert stock.item in items
        assert stock.site in sites
    for operation in company.operations:
        assert operation.resource in {resource.code for resource in company.resources}
        assert (operation.item, operation.site) in {(one.item, one.site) for one in company.stocks}
    for deal in company.deals:
        assert accounts[deal.account].region == deal.region == teams[deal.team].region
        assert deal.owner in teams[deal.team].owners
        assert {line.product for line in deal.lines} <= products


def test_codes_and_external_ids_are_unique(company: Company) -> None:
    for ids in (
        [deal.external_id for deal in company.deals],
        [line.reference for deal in company.deals for line in deal.lines],
        [sale.order_line for sale in company.sales],
        [order.number for order in company.orders],
        [item.code for item in company.items],
        [account.external_id for account in company.accounts],
        [account.name for account in company.accounts],
    ):
        assert len(ids) == len(set(ids))


def test_an_item_is_bought_or_has_a_bill(company: Company) -> None:
    made = {line.parent for line in company.bill_lines}
    bought = {offer.item for offer in company.supplier_items}
    assert {item.code for item in company.items if item.source == "made"} == made
    assert {item.code for item in company.items if item.source == "bought"} == bought
    assert not made & bought


def test_bills_have_two_levels_and_no_cycle(company: Company) -> None:
    components = defaultdict(list)
    for line in company.bill_lines:
        components[line.parent].append(line.component)

    def depth(item: str) -> int:
        return max((1 + depth(component) for component in components[item]), default=0)

    assert max(depth(product.code) for product in company.products) == 2


def test_sourcing_shares_sum_to_one(company: Company) -> None:
    shares: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for share in company.sourcing:
        shares[share.product, share.region] += share.share
    leaves = [region.code for region in company.regions if region.share > 0]
    assert shares == {
        (product.code, region): Decimal(1) for product in company.products for region in leaves
    }


def test_every_product_earns_money_and_every_deal_keeps_its_floor(company: Company) -> None:
    rules = {rule.family: rule for rule in company.price_rules}
    products = {product.code: product for product in company.products}
    for product in company.products:
        assert Decimal("0.4") < product.cost / product.list_price < Decimal("0.6")
    for deal in company.deals:
        for line in deal.lines if deal.status == "open" else ():
            product = products[line.product]
            rule = rules[product.family]
            assert line.price >= product.list_price * (1 - rule.max_discount)
            assert line.price >= product.cost / (1 - rule.min_gross_margin)


def test_stage_history_follows_the_declared_moves(company: Company) -> None:
    codes = [*STAGES, "won", "lost"]
    for deal in company.deals:
        times = [entry.entered_at for entry in deal.history]
        assert times == sorted(set(times))
        assert all(moment.weekday() < 5 for moment in times)
        places = [codes.index(entry.stage) for entry in deal.history]
        assert places[0] == 0
        for source, target in pairwise(places):
            forward = target - source in (1, 2, -1) and target < len(STAGES)
            won = (source, target) == (3, 4)
            assert forward or won or target == 5
        assert (deal.status == "open") == (deal.stage in STAGES)
        assert (deal.status == "open") == (deal.reason is None)


def test_every_line_of_a_won_deal_is_a_sale_at_its_quantity_and_price(company: Company) -> None:
    won = {
        line.reference: (deal.external_id, line.product, line.quantity, line.price)
        for deal in company.deals
        if deal.status == "won"
        for line in deal.lines
    }
    sold = {
        sale.deal_line: (sale.deal, sale.product, sale.quantity, sale.price)
        for sale in company.sales
        if sale.deal_line is not None
    }
    assert sold == won


def test_about_seventy_percent_of_sales_come_from_deals(company: Company) -> None:
    recent = [sale for sale in company.sales if sale.sold_on >= TODAY - timedelta(weeks=77)]
    from_deals = sum(sale.amount for sale in recent if sale.deal)
    assert 0.62 < from_deals / sum(sale.amount for sale in recent) < 0.78


def test_the_stages_win_what_the_quantities_assume(company: Company) -> None:
    status = Counter(deal.status for deal in company.deals)
    assert status["won"] / (status["won"] + status["lost"]) == pytest.approx(WIN_RATE, abs=0.05)


def test_sales_have_trend_and_season(company: Company) -> None:
    def sold(family: str, first: date, days: int) -> float:
        families = {product.code: product.family for product in company.products}
        return sum(
            float(sale.quantity)
            for sale in company.sales
            if families[sale.product] == family
            and first <= sale.requested_on < first + timedelta(days=days)
        )

    assert sold("Pumps", date(2026, 3, 1), 120) > 1.1 * sold("Pumps", date(2025, 9, 15), 120)
    years = [sold("Instruments", TODAY - timedelta(days=364 * back), 364) for back in (3, 1)]
    assert years[1] > 1.05 * years[0]


def test_promotions_sell_more(company: Company) -> None:
    families = {product.code: product.family for product in company.products}
    direct = [sale for sale in company.sales if not sale.order_line.startswith("SO-2")]
    during: list[float] = []
    before: list[float] = []
    for promotion in company.promotions:
        for weeks, units in ((0, during), (-4, before)):
            first = promotion.first_week + timedelta(weeks=weeks)
            units.append(
                sum(
                    float(sale.quantity)
                    for sale in direct
                    if sale.region == promotion.region
                    and families[sale.product] == promotion.family
                    and 0 <= (sale.sold_on - first).days < 14
                )
            )
    assert sum(during) > 1.25 * sum(before)


def test_open_deals_look_alive(company: Company) -> None:
    deals = [deal for deal in company.deals if deal.status == "open"]
    assert {deal.stage for deal in deals} == set(STAGES)
    assert 45 < median((AS_OF - deal.history[0].entered_at).days for deal in deals) < 110
    assert all(deal.expected_close >= TODAY for deal in deals)
    assert all(line.requested_on > TODAY for deal in deals for line in deal.lines)
    assert 15_000 < median(deal.value for deal in deals) < 50_000


def test_stock_is_weeks_of_demand_and_some_of_it_is_short(company: Company) -> None:
    assert all(stock.on_hand >= 0 for stock in company.stocks)
    short = [stock for stock in company.stocks if stock.on_hand < stock.safety_stock]
    assert 0.03 < len(short) / len(company.stocks) < 0.35


def test_what_is_made_has_a_line_that_is_manned_for_about_a_usual_week(company: Company) -> None:
    made = {item.code for item in company.items if item.source == "made"}
    assert {operation.item for operation in company.operations} == made
    assert [resource.units > 3 for resource in company.resources] == [True, True]
    assert len({operation.resource for operation in company.operations}) == 2


def test_orders_keep_the_lot_rules_of_their_supplier(company: Company) -> None:
    offers = {(offer.supplier, offer.item): offer for offer in company.supplier_items}
    for order in company.orders:
        offer = offers[order.supplier, order.item]
        assert order.quantity >= offer.minimum
        assert order.quantity % offer.multiple == 0
        assert order.price == price_of(order.quantity, offer)
        assert order.ordered_on <= order.due_on
        assert (order.received_on is not None) == (order.due_on < TODAY)


def test_the_bank_holds_more_than_its_minimum_and_payroll_comes_monthly(company: Company) -> None:
    assert company.minimum_balance < company.opening_balance < 6 * company.minimum_balance
    payroll = next(payment for payment in company.fixed_payments if payment.code == "PAYROLL")
    assert payroll.recurrence == "monthly"
