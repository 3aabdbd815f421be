from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.cash import Contribution, cents
from takt.supply_planning.domain.cash_sources import (
    NOTHING,
    DealFact,
    DealLine,
    DealState,
    DemandFact,
    ExpectedLine,
    OrderState,
    OrderStatus,
    Return,
    SaleState,
    SeriesState,
    WeeklyCash,
    deal_contributions,
    learn_deal,
    learn_demand,
    link_sale,
    order_contributions,
    sale_contributions,
    series_contributions,
)
from takt.supply_planning.domain.cash_terms import PaymentTerms, TermsPolicy

MONDAY = date(2026, 11, 23)
POLICY = TermsPolicy(PaymentTerms(14))
LINE = DealLine("line", "PUMP", Decimal(10), Decimal("99.50"), date(2026, 12, 10))


def deal_fact(sequence: int, status: Any, closed_on: date | None = None) -> DealFact:
    closed_at = datetime.combine(closed_on, time(12), UTC) if closed_on else None
    return DealFact(sequence, "Deal", status, closed_at, 30, (LINE,))


def demand_fact(sequence: int, quantity: str, status: Any = "open") -> DemandFact:
    cash = WeeklyCash.of([(MONDAY, Decimal(quantity))], Decimal("99.50"))
    return DemandFact(sequence, status, (ExpectedLine("line", "PUMP", cash),))


def total(contributions: list[Contribution]) -> int:
    return sum(contribution.amount for contribution in contributions)


def test_an_open_deal_is_expected_from_the_end_of_its_weeks_by_its_terms() -> None:
    deal = DealState(deal_fact(1, "open"), demand_fact(1, "4"))

    assert deal_contributions(deal, POLICY) == [
        Contribution("deal_line", "line", MONDAY + timedelta(days=36), "expected", 39800)
    ]


def test_winning_commits_the_whole_line_and_ends_its_expected_part() -> None:
    deal = DealState(deal_fact(2, "won", date(2026, 11, 25)), demand_fact(1, "4"))

    assert deal_contributions(deal, POLICY) == [
        Contribution("deal_line", "line", date(2027, 1, 9), "committed", 99500)
    ]


def test_a_line_won_after_its_requested_date_is_invoiced_on_winning() -> None:
    deal = DealState(deal_fact(2, "won", date(2026, 12, 20)))

    assert [c.due for c in deal_contributions(deal, POLICY)] == [date(2027, 1, 19)]


def test_a_sale_takes_its_quantity_over_from_its_deal_line() -> None:
    won = DealState(deal_fact(2, "won", date(2026, 11, 25)))

    part = link_sale(won, "line", "sale-1", Decimal(4))
    whole = link_sale(part, "line", "sale-2", Decimal(6))

    assert total(deal_contributions(part, POLICY)) == 59700
    assert deal_contributions(whole, POLICY) == []


def test_a_reversed_sale_gives_the_line_back() -> None:
    won = DealState(deal_fact(2, "won", date(2026, 11, 25)))

    linked = link_sale(won, "line", "sale", Decimal(10))

    assert link_sale(linked, "line", "sale", NOTHING) == won


def test_a_lost_deal_contributes_nothing() -> None:
    assert deal_contributions(DealState(deal_fact(3, "lost"), demand_fact(1, "4")), POLICY) == []


def test_a_reopened_deal_waits_for_its_new_expected_part() -> None:
    deal = DealState(deal_fact(4, "open"), demand_fact(2, "10", "won"))

    assert deal_contributions(deal, POLICY) == []


def test_an_expected_part_counts_before_its_deal_is_known() -> None:
    deal = DealState(demand=demand_fact(1, "4"))

    assert [c.due for c in deal_contributions(deal, POLICY)] == [MONDAY + timedelta(days=20)]


def test_a_returned_sale_pays_back_on_the_day_of_the_return() -> None:
    sale = SaleState(
        1,
        "PUMP",
        Decimal(10),
        Decimal("1.005"),
        MONDAY,
        30,
        returns=(Return(MONDAY + timedelta(days=3), Decimal("2.01")),),
    )

    assert sale_contributions(sale, POLICY) == [
        Contribution("receivable", "PUMP", MONDAY + timedelta(days=30), "committed", 1005),
        Contribution("refund", "PUMP", MONDAY + timedelta(days=3), "committed", -201),
    ]


def test_a_reversed_sale_contributes_nothing() -> None:
    sale = SaleState(2, "PUMP", NOTHING, Decimal(5), MONDAY, 30)

    assert sale_contributions(sale, POLICY) == []


@pytest.mark.parametrize(
    ("status", "certainty"),
    [
        ("proposed", "expected"),
        ("approved", "committed"),
        ("released", "committed"),
        ("confirmed", "committed"),
        ("received", "committed"),
    ],
)
def test_an_order_is_committed_from_its_approval_on(status: OrderStatus, certainty: str) -> None:
    order = OrderState(1, "PO-1", "SEAL", "ACME", status, Decimal("120.00"), MONDAY, 45)

    [payment] = order_contributions(order, POLICY)

    assert (payment.certainty, payment.amount, payment.due) == (
        certainty,
        -12000,
        MONDAY + timedelta(days=45),
    )


def test_a_cancelled_order_is_not_paid() -> None:
    order = OrderState(1, "PO-1", "SEAL", "ACME", "cancelled", Decimal(120), MONDAY, 45)

    assert order_contributions(order, POLICY) == []


def test_a_series_is_expected_by_the_terms_of_unknown_customers() -> None:
    weeks = [(MONDAY + timedelta(weeks=week), Decimal(1)) for week in range(3)]
    series = SeriesState(1, WeeklyCash.of(weeks, Decimal("0.333")))

    contributions = series_contributions(series, POLICY)

    assert [c.amount for c in contributions] == [33, 34, 33]
    assert contributions[0].due == MONDAY + timedelta(days=20)


facts = st.lists(
    st.one_of(
        st.builds(
            deal_fact,
            st.integers(1, 9),
            st.sampled_from(["open", "won", "lost"]),
            st.just(MONDAY),
        ),
        st.builds(demand_fact, st.integers(1, 9), st.sampled_from(["1", "2.5"])),
    ),
    unique_by=lambda fact: (type(fact), fact.sequence),
    max_size=8,
)


def learn(deal: DealState, fact: DealFact | DemandFact) -> DealState:
    return learn_deal(deal, fact) if isinstance(fact, DealFact) else learn_demand(deal, fact)


@given(facts, st.randoms())
def test_repeated_and_shuffled_facts_give_the_same_deal(
    told: list[DealFact | DemandFact], random: Any
) -> None:
    in_order = DealState()
    for fact in sorted(told, key=lambda fact: fact.sequence):
        in_order = learn(in_order, fact)
    shuffled = told * 3
    random.shuffle(shuffled)

    deal = DealState()
    for fact in shuffled:
        deal = learn(deal, fact)

    assert deal == in_order


@given(st.lists(st.decimals(0, 1000, places=6), max_size=26), st.decimals(0, 10**4, places=6))
def test_expected_cash_of_a_line_is_its_rounded_total(
    quantities: list[Decimal], price: Decimal
) -> None:
    weeks = [(MONDAY + timedelta(weeks=week), quantity) for week, quantity in enumerate(quantities)]

    exact = sum((quantity * price for quantity in quantities), NOTHING)

    assert total(series_contributions(SeriesState(1, WeeklyCash.of(weeks, price)), POLICY)) == (
        cents(exact)
    )
    assert WeeklyCash.of(weeks, NOTHING) == WeeklyCash((), ())
