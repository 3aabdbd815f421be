from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.cash_terms import (
    FixedPayment,
    PaymentTerms,
    Recurrence,
    TermsPolicy,
    fixed_contributions,
)


def days(payment: FixedPayment, begin: date, end: date) -> list[date]:
    return [contribution.due for contribution in fixed_contributions([payment], begin, end)]


def payment(recurrence: Recurrence, first: date, last: date | None = None) -> FixedPayment:
    return FixedPayment("p", "Payment", "rent", 1000, recurrence, first, last)


def test_net_days_count_from_the_invoice() -> None:
    assert PaymentTerms(30).due(date(2026, 11, 23)) == date(2026, 12, 23)


def test_end_of_month_waits_for_the_last_day() -> None:
    assert PaymentTerms(30, end_of_month=True).due(date(2027, 1, 20)) == date(2027, 2, 28)


def test_a_side_pays_at_the_end_of_the_month_whatever_its_days() -> None:
    policy = TermsPolicy(PaymentTerms(30, end_of_month=True))

    assert policy.receivable(10).due(date(2026, 11, 23)) == date(2026, 12, 31)
    assert policy.payable(10).due(date(2026, 11, 23)) == date(2026, 12, 3)


def test_a_monthly_payment_on_the_31st_falls_on_the_last_day_of_short_months() -> None:
    assert days(payment("monthly", date(2026, 1, 31)), date(2026, 1, 1), date(2026, 6, 1)) == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 31),
    ]


def test_a_quarterly_payment_keeps_its_months() -> None:
    assert days(payment("quarterly", date(2025, 1, 15)), date(2026, 2, 1), date(2026, 12, 1)) == [
        date(2026, 4, 15),
        date(2026, 7, 15),
        date(2026, 10, 15),
    ]


def test_a_payment_ends_with_its_last_day() -> None:
    limited = payment("weekly", date(2026, 11, 27), last=date(2026, 12, 11))

    assert days(limited, date(2026, 11, 23), date(2027, 11, 23)) == [
        date(2026, 11, 27),
        date(2026, 12, 4),
        date(2026, 12, 11),
    ]


def test_a_single_payment_falls_once() -> None:
    assert days(payment("once", date(2026, 12, 1)), date(2026, 11, 1), date(2027, 11, 1)) == [
        date(2026, 12, 1)
    ]


def test_fixed_payments_are_committed_and_go_out() -> None:
    [out] = fixed_contributions(
        [payment("once", date(2026, 12, 1))], date(2026, 12, 1), date(2026, 12, 2)
    )

    assert (out.certainty, out.amount) == ("committed", -1000)


@pytest.mark.parametrize("recurrence", ["once", "weekly", "monthly", "quarterly", "yearly"])
@given(
    first=st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    begin=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    length=st.integers(0, 400),
    cut=st.integers(0, 400),
)
def test_two_adjoining_spans_pay_what_the_whole_pays(
    recurrence: Recurrence, first: date, begin: date, length: int, cut: int
) -> None:
    end = begin + timedelta(days=length)
    middle = min(end, begin + timedelta(days=cut))
    recurring = payment(recurrence, first)

    parts = days(recurring, begin, middle) + days(recurring, middle, end)

    assert parts == days(recurring, begin, end)
    assert all(begin <= day < end and day >= first for day in parts)
