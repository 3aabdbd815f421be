"""The company's bank: what it pays whatever it sells, and a balance that makes planning matter."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from takt.standalone.company.demand import OUTLOOK_WEEKS, Demand
from takt.standalone.company.rows import (
    FixedPayment,
    FixedPaymentCategory,
    Recurrence,
)

_USUAL_DISCOUNT = 0.09
_USUAL_WEEKS_TO_CASH = 8
"""From the week in which demand arises to payment: delivery and 30 to 60 days."""
_MINIMUM_WEEKS = 2.0
_HEADROOM = Decimal("1.05")
_THOUSAND = Decimal(1000)
_MONTHS_BETWEEN: dict[Recurrence, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}

# code, name, category, part of a year's sales, recurrence, payments a year, month and day
_FIXED: tuple[tuple[str, str, FixedPaymentCategory, float, Recurrence, int, int, int], ...] = (
    ("PAYROLL", "Wages and salaries", "payroll", 0.300, "monthly", 12, 1, 27),
    ("BONUS", "Christmas bonus", "payroll", 0.022, "yearly", 1, 12, 11),
    ("SOCIAL", "Social security", "tax", 0.055, "monthly", 12, 1, 15),
    ("CORPORATE-TAX", "Corporate tax prepayment", "tax", 0.045, "quarterly", 4, 3, 10),
    ("RENT-HAMBURG", "Rent, Hamburg plant", "rent", 0.018, "monthly", 12, 1, 1),
    ("RENT-COLUMBUS", "Rent, Columbus plant", "rent", 0.012, "monthly", 12, 1, 1),
    ("LOAN", "Loan, machining centre", "loan", 0.020, "quarterly", 4, 1, 4),
    ("INSURANCE", "Insurance of plant and goods", "insurance", 0.012, "yearly", 1, 1, 8),
)


def weekly_sales_value(demand: Demand, week: date) -> float:
    """Money that the demand of a week is worth at usual prices."""
    place = min(max((week - demand.weeks[0]).days // 7, 0), len(demand.weeks) - 1)
    prices = [float(product.list_price) * (1 - _USUAL_DISCOUNT) for product in demand.products]
    units = demand.mean[:, :, place].sum(axis=1)
    return float(sum(price * unit for price, unit in zip(prices, units, strict=True)))


def fixed_payments(demand: Demand, today: date) -> tuple[FixedPayment, ...]:
    """Payroll, rent, tax, loan and insurance in proportion to the sales of the last year."""
    year = sum(weekly_sales_value(demand, today - timedelta(weeks=week)) for week in range(1, 53))
    return tuple(
        FixedPayment(
            code,
            name,
            category,
            _thousands(year * part / payments),
            recurrence,
            date(today.year - 1, month, day),
        )
        for code, name, category, part, recurrence, payments, month, day in _FIXED
    )


def balances(
    demand: Demand,
    receivables: Sequence[tuple[date, Decimal]],
    payables: Sequence[tuple[date, Decimal]],
    purchases_a_week: float,
    fixed: Sequence[FixedPayment],
    today: date,
) -> tuple[Decimal, Decimal]:
    """Opening and minimum balance: by usual trade the lowest week stays a little above the minimum.

    Args:
        demand: mean demand, for the sales to come.
        receivables: when customers pay for what they bought, and how much.
        payables: when suppliers are paid for what was ordered.
        purchases_a_week: what is paid for material once today's orders are paid.
        fixed: payments whatever is sold.
        today: the day of the opening.
    """
    cash = [0.0] * OUTLOOK_WEEKS
    end = today + timedelta(weeks=OUTLOOK_WEEKS)
    moves = [
        *((day, float(amount)) for day, amount in receivables),
        *((day, -float(amount)) for day, amount in payables),
        *((day, -float(due.amount)) for due in fixed for day in _due_days(due, today, end)),
    ]
    for day, amount in moves:
        if today <= day < end:
            cash[(day - today).days // 7] += amount
    for week in range(OUTLOOK_WEEKS):
        if week >= _USUAL_WEEKS_TO_CASH:
            sold = today + timedelta(weeks=week - _USUAL_WEEKS_TO_CASH)
            cash[week] += weekly_sales_value(demand, sold)
        cash[week] -= max(0.0, purchases_a_week - _paid(payables, today, week))
    lowest = min(accumulate(cash))
    minimum = _thousands(_MINIMUM_WEEKS * weekly_sales_value(demand, today))
    return _thousands(float(minimum * _HEADROOM) - min(lowest, 0.0)), minimum


def _paid(payables: Sequence[tuple[date, Decimal]], today: date, week: int) -> float:
    """What suppliers are paid a week in the month around that week."""
    middle = today + timedelta(weeks=week)
    near = (amount for day, amount in payables if abs((day - middle).days) <= 14)
    return float(sum(near)) / 4


def _due_days(payment: FixedPayment, begin: date, end: date) -> list[date]:
    """Days in [begin, end) on which the payment falls due."""
    months = _MONTHS_BETWEEN[payment.recurrence]
    return [
        day
        for year in range(begin.year, end.year + 1)
        for month in range((payment.first.month - 1) % months + 1, 13, months)
        if begin <= (day := date(year, month, payment.first.day)) < end
    ]


def _thousands(amount: float) -> Decimal:
    return (Decimal(amount) / _THOUSAND).quantize(Decimal(1)) * _THOUSAND
