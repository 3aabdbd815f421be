"""Payments that do not depend on trade: /v1/fixed-payments."""

from fastapi import APIRouter, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import IfMatch, Now, RequestCause, etag
from takt.supply_planning.domain.cash import cents, money
from takt.supply_planning.domain.cash_ledger import Ledger
from takt.supply_planning.domain.cash_terms import (
    FixedPayment,
)
from takt.supply_planning.schemas.finance import FixedPaymentBody, FixedPayments, FixedPaymentsBody
from takt.supply_planning.service.cash_settings import set_fixed_payments
from takt.supply_planning.store import finance

router = APIRouter(prefix="/v1/fixed-payments", tags=["cash"])


@router.get("", dependencies=[requires("cash:read")])
async def list_fixed_payments(tx: RequestTx, response: Response) -> FixedPayments:
    """All fixed payments, with the ETag of the list."""
    return _answer(await finance.read_ledger(tx), response)


@router.put("", dependencies=[requires("cash:write")])
async def put_fixed_payments(
    body: FixedPaymentsBody,
    expected: IfMatch,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> FixedPayments:
    """Replace the list of fixed payments."""
    payments = [
        FixedPayment(
            code=item.code,
            name=item.name,
            category=item.category,
            amount=cents(item.amount),
            recurrence=item.recurrence,
            first=item.first_on,
            last=item.last_on,
        )
        for item in body.items
    ]
    return _answer(await set_fixed_payments(tx, payments, expected, now, cause), response)


def _answer(ledger: Ledger, response: Response) -> FixedPayments:
    response.headers["ETag"] = etag(ledger.fixed_revision)
    return FixedPayments(
        items=[
            FixedPaymentBody(
                code=payment.code,
                name=payment.name,
                category=payment.category,
                amount=money(payment.amount),
                recurrence=payment.recurrence,
                first_on=payment.first,
                last_on=payment.last,
            )
            for payment in sorted(ledger.fixed_payments, key=lambda payment: payment.code)
        ]
    )
