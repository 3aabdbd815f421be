"""When money is due: payment terms, and payments that recur."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

from takt.supply_planning.domain.cash import Contribution

FixedPaymentCategory = Literal["payroll", "rent", "tax", "loan", "insurance", "other"]
Recurrence = Literal["once", "weekly", "monthly", "quarterly", "yearly"]

_MONTHS_BETWEEN: dict[Recurrence, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """Net days after delivery or invoice, then on to the end of that month if it says so."""

    net_days: int
    end_of_month: bool = False

    def due(self, invoiced: date) -> date:
        """The day the money moves."""
        day = invoiced + timedelta(days=self.net_days)
        if self.end_of_month:
            return day.replace(day=monthrange(day.year, day.month)[1])
        return day


@dataclass(frozen=True, slots=True)
class TermsPolicy:
    """The company's habits of paying and being paid, and the time zone of its dates.

    A deal, a sale and an order bring their own net days; `customers` has those of baseline sales,
    whose customer nobody knows yet. Paying at the end of the month holds for all of its side.
    """

    customers: PaymentTerms = PaymentTerms(30)
    suppliers_end_of_month: bool = False
    time_zone: str = "UTC"

    def date_of(self, instant: datetime) -> date:
        """The company's date at an instant."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def receivable(self, net_days: int) -> PaymentTerms:
        """Terms of a customer with these net days."""
        return PaymentTerms(net_days, self.customers.end_of_month)

    def payable(self, net_days: int) -> PaymentTerms:
        """Terms of a supplier with these net days."""
        return PaymentTerms(net_days, self.suppliers_end_of_month)


@dataclass(frozen=True, slots=True)
class FixedPayment:
    """A payment that does not depend on trade.

    `first` is the first payment and gives the weekday or the day of the month; a month without that
    day pays on its last. `last` is inclusive; None is for ever. `amount` is positive, in cents.
    """

    code: str
    name: str
    category: FixedPaymentCategory
    amount: int
    recurrence: Recurrence
    first: date
    last: date | None = None


def fixed_contributions(
    payments: Iterable[FixedPayment], begin: date, end: date
) -> list[Contribution]:
    """The fixed payments due in [begin, end), committed."""
    return [
        Contribution("fixed_payment", payment.code, due, "committed", -payment.amount)
        for payment in payments
        for due in _due_days(payment, begin, end)
    ]


def _due_days(payment: FixedPayment, begin: date, end: date) -> list[date]:
    """Days in [begin, end) on which the payment falls due."""
    if payment.last is not None:
        end = min(end, payment.last + timedelta(days=1))
    match payment.recurrence:
        case "once":
            return [payment.first] if begin <= payment.first < end else []
        case "weekly":
            skipped = max(0, -(-(begin - payment.first).days // 7))
            first = payment.first + timedelta(weeks=skipped)
            return [
                first + timedelta(days=days) for days in range(0, max(0, (end - first).days), 7)
            ]
        case "monthly" | "quarterly" | "yearly":
            return _days_by_month(payment.first, begin, end, _MONTHS_BETWEEN[payment.recurrence])
        case _:
            assert_never(payment.recurrence)


def _days_by_month(first: date, begin: date, end: date, step: int) -> list[date]:
    """Days in [begin, end) that are a multiple of `step` months after `first`."""
    months_to_begin = (begin.year - first.year) * 12 + begin.month - first.month
    months = max(0, months_to_begin // step * step)
    days = []
    while (day := _add_months(first, months)) < end:
        if day >= begin:
            days.append(day)
        months += step
    return days


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
