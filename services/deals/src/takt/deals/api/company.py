"""The one company: currency, time zone, usual terms."""

from fastapi import APIRouter, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import IfMatchWhenThere, RequestCause, etag
from takt.common.problems import NotFound
from takt.deals.schemas.catalog import CompanyIn, CompanyOut
from takt.deals.service.catalog import set_company
from takt.deals.store.catalog import Company, read_company

router = APIRouter(prefix="/v1/company", tags=["company"])


@router.get("", dependencies=[requires("deals:read")])
async def get_company(tx: RequestTx, response: Response) -> CompanyOut:
    """The company as it is."""
    company = await read_company(tx)
    if company is None:
        raise NotFound(
            "there is no company yet",
            field="company",
            remedy="send PUT /v1/company with name, currency and time_zone",
        )
    return _answer(company, response)


@router.put("", dependencies=[requires("deals:write")])
async def put_company(
    body: CompanyIn, tx: RequestTx, seen: IfMatchWhenThere, cause: RequestCause, response: Response
) -> CompanyOut:
    """Say who the company is; If-Match is needed once it is there."""
    expected, sent = seen
    wished = Company(body.name, body.currency, body.time_zone, body.payment_days, 1)
    company = await set_company(tx, wished, expected=expected, exists_only=sent, cause=cause)
    return _answer(company, response)


def _answer(company: Company, response: Response) -> CompanyOut:
    response.headers["ETag"] = etag(company.sequence)
    return CompanyOut(
        name=company.name,
        currency=company.currency,
        time_zone=company.time_zone,
        payment_days=company.payment_days,
        sequence=company.sequence,
    )
