"""What people tell finance: the opening balance, the fixed payments, the terms of payment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.http import check_match
from takt.common.problems import Problem
from takt.supply_planning.domain.cash import Opening
from takt.supply_planning.domain.cash_ledger import Ledger
from takt.supply_planning.domain.cash_terms import FixedPayment, TermsPolicy
from takt.supply_planning.service.cash import recompute_cash
from takt.supply_planning.store import finance


class FixedPaymentsRefused(Problem):
    """The fixed payments contradict themselves."""

    status, slug = 422, "fixed-payments-refused"


async def set_opening(
    tx: Tx, opening: Opening, expected: int | None, now: datetime, cause: Cause
) -> Ledger:
    """Start the projection from this balance; what was due before its day is in it.

    Args:
        tx: the caller's transaction.
        opening: day, balance, minimum.
        expected: the revision that the caller read; None when any will do.
        now: business time.
        cause: the request.
    """
    ledger = await finance.lock_ledger(tx)
    check_match(expected, ledger.opening_revision)
    ledger = replace(ledger, opening=opening, opening_revision=ledger.opening_revision + 1)
    await recompute_cash(tx, ledger, now, cause)
    return ledger


async def set_payment_terms(
    tx: Tx, policy: TermsPolicy, expected: int | None, now: datetime, cause: Cause
) -> Ledger:
    """Pay and be paid by these habits from now on.

    Args:
        tx: the caller's transaction.
        policy: the terms; the time zone stays as it is.
        expected: the revision that the caller read; None when any will do.
        now: business time.
        cause: the request.
    """
    ledger = await finance.lock_ledger(tx)
    check_match(expected, ledger.terms_revision)
    policy = replace(policy, time_zone=ledger.policy.time_zone)
    ledger = replace(ledger, policy=policy, terms_revision=ledger.terms_revision + 1)
    await recompute_cash(tx, ledger, now, cause)
    return ledger


async def set_fixed_payments(
    tx: Tx, payments: Sequence[FixedPayment], expected: int | None, now: datetime, cause: Cause
) -> Ledger:
    """Replace all fixed payments.

    Args:
        tx: the caller's transaction.
        payments: all of them.
        expected: the revision that the caller read; None when any will do.
        now: business time.
        cause: the request.

    Raises:
        FixedPaymentsRefused: a code twice, or a payment that ends before it begins.
    """
    codes = Counter(payment.code for payment in payments)
    for place, payment in enumerate(payments):
        if codes[payment.code] > 1:
            raise FixedPaymentsRefused(
                f"the code {payment.code} stands {codes[payment.code]} times",
                field=f"items.{place}.code",
                value=payment.code,
                remedy="give each payment a code of its own",
            )
        if payment.last is not None and payment.last < payment.first:
            raise FixedPaymentsRefused(
                f"{payment.code} ends on {payment.last}, before it begins on {payment.first}",
                field=f"items.{place}.last_on",
                value=payment.last,
                remedy="give a last_on that is not before first_on, or none",
            )
    ledger = await finance.lock_ledger(tx)
    check_match(expected, ledger.fixed_revision)
    ledger = replace(
        ledger, fixed_payments=tuple(payments), fixed_revision=ledger.fixed_revision + 1
    )
    await recompute_cash(tx, ledger, now, cause)
    return ledger
