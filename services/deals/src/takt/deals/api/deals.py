"""Deals: read, open, change, upsert; their history, documents and approvals."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx, Tx
from takt.common.event import Cause
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Now,
    Page,
    RequestCause,
    encode_cursor,
    etag,
    once,
)
from takt.common.problems import Problem
from takt.deals.api.cursors import id_after
from takt.deals.domain.history import cycle_intervals, intervals, taken_back
from takt.deals.domain.price import Offer, Terms
from takt.deals.schemas.deals import (
    ApprovalIn,
    ApprovalOut,
    CycleStay,
    DealIn,
    DealOut,
    DealPatch,
    DealUpsert,
    DealUpserts,
    DocumentIn,
    HistoryOut,
    LineIn,
    StayOut,
)
from takt.deals.schemas.moves import BulkOut, BulkOutcome
from takt.deals.service.approvals import approve_offer
from takt.deals.service.documents import attach_document
from takt.deals.service.drafts import DealDraft, DocumentDraft, LineDraft
from takt.deals.service.problems import deal_not_found
from takt.deals.service.upserts import change_deal, open_deal, upsert_deals
from takt.deals.store.deals import read_deals
from takt.deals.store.views import page_deals, read_approvals

router = APIRouter(prefix="/v1/deals", tags=["deals"])
Writer = Annotated[Caller, requires("deals:write")]


@router.get("", dependencies=[requires("deals:read")])
async def list_deals(
    tx: RequestTx,
    pipeline: str | None = None,
    stage: str | None = None,
    status: str | None = None,
    owner: str | None = None,
    account_id: UUID | None = None,
    source: str | None = None,
    external_id: str | None = None,
    product: str | None = None,
    team: str | None = None,
    region: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[DealOut]:
    """A page of deals, those that match every filter.

    A team or region stands for itself and all that lie in it.
    """
    filters = {
        "pipeline": pipeline,
        "stage": stage,
        "status": status,
        "owner": owner,
        "account_id": account_id,
        "source": source,
        "external_id": external_id,
        "product": product,
        "team": team,
        "region": region,
    }
    after = id_after(cursor)
    rows = await page_deals(tx, filters, after=after, limit=limit)
    following = encode_cursor(rows[-1]["id"]) if len(rows) == limit else None
    return Page(items=[DealOut.model_validate(row) for row in rows], next=following)


@router.get("/{deal_id}", dependencies=[requires("deals:read")])
async def get_deal(deal_id: UUID, tx: RequestTx, response: Response) -> DealOut:
    """A deal as it stands, with its ETag."""
    deal = await _view(tx, deal_id)
    response.headers["ETag"] = etag(deal.sequence)
    return deal


@router.post("", status_code=201, response_model=DealOut)
async def post_deal(
    body: DealIn, caller: Writer, request: Request, tx: RequestTx, now: Now, cause: RequestCause
) -> Response:
    """Open a deal in the first stage of its pipeline."""

    async def answer() -> tuple[int, Any]:
        draft = DealDraft(
            cause=cause,
            by=caller.name,
            key=None if body.external_id is None else (body.source, body.external_id),
            name=body.name,
            account_id=body.account_id,
            owner=body.owner,
            region=body.region,
            pipeline=body.pipeline,
            expected_close=body.expected_close,
            payment_days=body.payment_days,
            warranty_months=body.warranty_months,
            manual_probability=body.manual_probability,
            currency=body.currency,
            lines=_lines(body.lines),
            documents=tuple(DocumentDraft(**one.model_dump()) for one in body.documents),
        )
        deal = await open_deal(tx, draft, now)
        return 201, await _view(tx, deal.id)

    return await once(request, tx, answer)


@router.patch("/{deal_id}")
async def patch_deal(
    deal_id: UUID,
    body: DealPatch,
    caller: Writer,
    tx: RequestTx,
    expected: IfMatch,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> DealOut:
    """Change a deal, except its stage. A line outside its range needs an approval first."""
    draft = DealDraft(
        cause=cause,
        by=caller.name,
        id=deal_id,
        expected=expected,
        name=body.name,
        account_id=body.account_id,
        owner=body.owner,
        region=body.region,
        expected_close=body.expected_close,
        payment_days=body.payment_days,
        warranty_months=body.warranty_months,
        manual_probability=body.manual_probability,
        currency=body.currency,
        lines=None if body.lines is None else _lines(body.lines),
        cleared=frozenset(name for name in body.model_fields_set if getattr(body, name) is None),
    )
    deal = await change_deal(tx, draft, now)
    response.headers["ETag"] = etag(deal.sequence)
    return await _view(tx, deal_id)


@router.post("/upserts", response_model=BulkOut)
async def post_upserts(
    body: DealUpserts, caller: Writer, tx: RequestTx, now: Now, cause: RequestCause
) -> Response:
    """Many deals of other systems by their ids; each has its own outcome, good ones stand."""
    drafts = [_upsert_draft(item, caller.name, cause) for item in body.items]
    items: list[BulkOutcome] = []
    for item, outcome in zip(body.items, await upsert_deals(tx, drafts, now), strict=True):
        if isinstance(outcome, Problem):
            items.append(BulkOutcome(external_id=item.external_id, problem=outcome.body()))
            continue
        deal = outcome.deal
        items.append(
            BulkOutcome(
                id=deal.id,
                external_id=item.external_id,
                result=outcome.result,
                stage=deal.stage,
                sequence=deal.sequence,
            )
        )
    failed = sum(item.problem is not None for item in items)
    answer = BulkOut(done=len(items) - failed, failed=failed, items=items)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


@router.get("/{deal_id}/history", dependencies=[requires("deals:read")])
async def get_history(deal_id: UUID, tx: RequestTx, now: Now) -> HistoryOut:
    """Where a deal has been and for how long; the stays sum to its age."""
    stored = (await read_deals(tx, [deal_id])).get(deal_id)
    if stored is None:
        raise deal_not_found(deal_id)
    deal = stored.deal
    until = deal.closed_at or max(now, deal.entered_at)
    out = taken_back(deal.entries)
    stays = [
        StayOut(
            stage=stay.stage,
            entered_at=stay.entered_at,
            left_at=stay.left_at if place < len(deal.entries) else None,
            seconds=stay.duration.total_seconds(),
            imported=stay.imported,
            in_cycle=deal.entries[place - 1].number not in out,
        )
        for place, stay in enumerate(intervals(deal.entries, until), 1)
    ]
    cycle = [
        CycleStay(
            stage=stay.stage,
            entered_at=stay.entered_at,
            seconds=stay.duration.total_seconds(),
        )
        for stay in cycle_intervals(deal.entries, until)
    ]
    age = (until - deal.opened_at).total_seconds()
    return HistoryOut(deal_id=deal_id, age_seconds=age, stays=stays, cycle=cycle)


@router.put("/{deal_id}/documents/{kind}")
async def put_document(
    deal_id: UUID,
    kind: Annotated[str, Path(min_length=1, max_length=100)],
    body: DocumentIn,
    caller: Writer,
    tx: RequestTx,
    expected: IfMatch,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> DealOut:
    """A document of that kind is completed; exit criteria may ask for it."""
    document = DocumentDraft(kind, body.name, body.address)
    deal = await attach_document(
        tx, deal_id, document, by=caller.name, expected=expected, now=now, cause=cause
    )
    response.headers["ETag"] = etag(deal.sequence)
    return await _view(tx, deal_id)


@router.get("/{deal_id}/approvals", dependencies=[requires("deals:read")])
async def list_approvals(deal_id: UUID, tx: RequestTx) -> list[ApprovalOut]:
    """All approvals of a deal, the void ones too."""
    rows = await read_approvals(tx, deal_id)
    return [ApprovalOut.model_validate(row) for row in rows]


@router.post("/{deal_id}/approvals", status_code=201, response_model=ApprovalOut)
async def post_approval(
    deal_id: UUID,
    body: ApprovalIn,
    caller: Annotated[Caller, requires("deals:approve")],
    request: Request,
    tx: RequestTx,
    expected: IfMatch,
    now: Now,
    cause: RequestCause,
) -> Response:
    """Approve offers by a role: as they stand, or as they are about to be written."""

    async def answer() -> tuple[int, Any]:
        terms_given = body.model_fields_set & {"payment_days", "warranty_months"}
        await approve_offer(
            tx,
            deal_id,
            role=body.role,
            approver=caller.name,
            reason=body.reason,
            offers=None
            if body.offers is None
            else [Offer(one.line_id, one.product, one.quantity, one.price) for one in body.offers],
            terms=Terms(body.payment_days, body.warranty_months) if terms_given else None,
            expires_at=body.expires_at,
            expected=expected,
            now=now,
            cause=cause,
        )
        latest = (await read_approvals(tx, deal_id))[0]
        return 201, ApprovalOut.model_validate(latest)

    return await once(request, tx, answer)


async def _view(tx: Tx, deal_id: UUID) -> DealOut:
    rows = await page_deals(tx, {"id": deal_id}, limit=1)
    if not rows:
        raise deal_not_found(deal_id)
    return DealOut.model_validate(rows[0])


def _lines(lines: tuple[LineIn, ...]) -> tuple[LineDraft, ...]:
    return tuple(
        LineDraft(
            product=line.product,
            quantity=line.quantity,
            price=line.price,
            requested=line.requested_date,
            id=line.id,
            reference=line.reference,
        )
        for line in lines
    )


def _upsert_draft(item: DealUpsert, by: str, cause: Cause) -> DealDraft:
    return DealDraft(
        cause=cause if item.correlation_id is None else Cause.start(item.correlation_id),
        by=by,
        key=(item.source, item.external_id),
        name=item.name,
        account=item.account,
        owner=item.owner,
        region=item.region,
        pipeline=item.pipeline,
        stage=item.stage,
        history=tuple((entry.stage, entry.entered_at) for entry in item.history),
        expected_close=item.expected_close,
        payment_days=item.payment_days,
        warranty_months=item.warranty_months,
        manual_probability=item.manual_probability,
        currency=item.currency,
        lines=None if item.lines is None else _lines(item.lines),
        documents=tuple(DocumentDraft(**one.model_dump()) for one in item.documents),
        reason=item.reason,
        competitor=item.competitor,
        sequence=item.sequence,
        shipped=item.shipped,
    )
