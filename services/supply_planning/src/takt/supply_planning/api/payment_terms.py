"""Payment terms of the company: /v1/payment-terms."""

from fastapi import APIRouter, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import IfMatch, Now, RequestCause, etag
from takt.supply_planning.domain.cash_ledger import Ledger
from takt.supply_planning.domain.cash_terms import PaymentTerms, TermsPolicy
from takt.supply_planning.schemas.finance import PaymentTermsBody
from takt.supply_planning.service.cash_settings import set_payment_terms
from takt.supply_planning.store import finance

router = APIRouter(prefix="/v1/payment-terms", tags=["cash"])


@router.get("", dependencies=[requires("cash:read")])
async def read_payment_terms(tx: RequestTx, response: Response) -> PaymentTermsBody:
    """The terms, with their ETag."""
    return _answer(await finance.read_ledger(tx), response)


@router.put("", dependencies=[requires("cash:write")])
async def put_payment_terms(
    body: PaymentTermsBody,
    expected: IfMatch,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> PaymentTermsBody:
    """Set the terms; every projected receipt and payment follows them at once."""
    policy = TermsPolicy(
        PaymentTerms(body.customers_net_days, body.customers_end_of_month),
        body.suppliers_end_of_month,
    )
    return _answer(await set_payment_terms(tx, policy, expected, now, cause), response)


def _answer(ledger: Ledger, response: Response) -> PaymentTermsBody:
    response.headers["ETag"] = etag(ledger.terms_revision)
    policy = ledger.policy
    return PaymentTermsBody(
        customers_net_days=policy.customers.net_days,
        customers_end_of_month=policy.customers.end_of_month,
        suppliers_end_of_month=policy.suppliers_end_of_month,
    )
