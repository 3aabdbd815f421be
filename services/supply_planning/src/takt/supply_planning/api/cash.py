"""Cash: /v1/cash, its weeks, and the balance that it opens with."""

from datetime import date

from fastapi import APIRouter, Response

from takt.common.auth import requires
from takt.common.contracts.supply_planning import LowestBalance
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Now,
    Page,
    RequestCause,
    decode_cursor,
    encode_cursor,
    etag,
)
from takt.common.problems import NotFound
from takt.supply_planning.domain.cash import Opening, cents, money
from takt.supply_planning.domain.cash_ledger import Ledger, opening_of
from takt.supply_planning.domain.cash_sources import SourceKey, SourceKind
from takt.supply_planning.schemas.finance import (
    CashContribution,
    CashProjection,
    CashSource,
    OpeningBody,
)
from takt.supply_planning.service.cash_events import WIRE_KINDS, cash_week
from takt.supply_planning.service.cash_reading import (
    LabelledContribution,
    place_of,
    read_contributions,
    read_outlook,
    read_source,
)
from takt.supply_planning.service.cash_settings import set_opening
from takt.supply_planning.store import finance

router = APIRouter(prefix="/v1/cash", tags=["cash"])


class SourceNotFound(NotFound):
    """Cash has not heard of this source."""

    slug = "cash-source-not-found"


class OpeningNotGiven(NotFound):
    """Nobody has given an opening balance yet."""

    slug = "opening-not-given"


@router.get("", dependencies=[requires("cash:read")])
async def read_cash(tx: RequestTx, now: Now) -> CashProjection:
    """Weekly cash, expected and committed, with its lowest balances."""
    ledger, outlook = await read_outlook(tx, now)
    projection = outlook.projection
    lowest, committed = projection.lowest, projection.lowest_committed
    return CashProjection(
        ledger=ledger.code,
        currency=ledger.currency,
        as_of=now,
        sequence=ledger.projection_sequence,
        opening=money(projection.opening_balance),
        minimum=money(opening_of(ledger).minimum),
        weeks=[cash_week(week) for week in projection.weeks],
        lowest_expected=LowestBalance(week=lowest.week, balance=money(lowest.balance)),
        lowest_committed=LowestBalance(
            week=committed.week, balance=money(committed.committed_balance)
        ),
        shortfall="none" if ledger.shortfall_lowest is None else "open",
    )


@router.get("/weeks/{week}", dependencies=[requires("cash:read")])
async def read_cash_week(
    week: date, tx: RequestTx, now: Now, cursor: Cursor = None, limit: Limit = 100
) -> Page[CashContribution]:
    """What the week that holds this day is made of, the most money first."""
    rows = await read_contributions(tx, week, now)
    after = decode_cursor(cursor, tuple[int, str, str, str])
    if after is not None:
        rows = [row for row in rows if place_of(row) > after]
    page = rows[:limit]
    return Page(
        items=[_contribution(row) for row in page],
        next=encode_cursor(*place_of(page[-1])) if len(rows) > limit else None,
    )


@router.get("/sources/{kind}/{source_id:path}", dependencies=[requires("cash:read")])
async def read_cash_source(kind: SourceKind, source_id: str, tx: RequestTx, now: Now) -> CashSource:
    """All that one source adds to the projection, beyond its 26 weeks too.

    A deal, sale or order has its id, a series is `product|region`. A source that moves no cash has
    no contributions: a lost deal, a cancelled order. What a won deal sold is not here but under its
    sales (`GET /v1/sales?deal_id=`), each of which carries that money in its place. What was due
    before the opening is in the opening's balance.
    """
    found = await read_source(tx, SourceKey(kind, source_id), now)
    if found is None:
        raise SourceNotFound(
            f"cash knows no {kind} {source_id}",
            field="id",
            value=source_id,
            remedy="take kind and source of a row of GET /v1/cash/weeks/{week}; what is new comes"
            " within a second",
        )
    ledger, rows = found
    parts = [row.contribution for row in rows]
    return CashSource(
        kind=kind,
        id=source_id,
        currency=ledger.currency,
        contributions=[_contribution(row) for row in rows],
        committed=money(sum(part.amount for part in parts if part.certainty == "committed")),
        expected=money(sum(part.amount for part in parts)),
    )


@router.get("/opening", dependencies=[requires("cash:read")])
async def read_opening(tx: RequestTx, response: Response) -> OpeningBody:
    """The opening balance, with its ETag."""
    return _opening(await finance.read_ledger(tx), response)


@router.put("/opening", dependencies=[requires("cash:write")])
async def put_opening(
    body: OpeningBody,
    expected: IfMatch,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> OpeningBody:
    """Start the projection from this balance."""
    opening = Opening(body.on, cents(body.balance), cents(body.minimum))
    return _opening(await set_opening(tx, opening, expected, now, cause), response)


def _contribution(row: LabelledContribution) -> CashContribution:
    part = row.contribution
    return CashContribution(
        kind=WIRE_KINDS[part.kind],
        source=row.source,
        line=part.line,
        label=row.label,
        due=part.due,
        certainty=part.certainty,
        amount=money(part.amount),
    )


def _opening(ledger: Ledger, response: Response) -> OpeningBody:
    if ledger.opening is None or not ledger.opening_revision:
        raise OpeningNotGiven(
            remedy='PUT /v1/cash/opening with If-Match: "0" and the balance of a day'
        )
    response.headers["ETag"] = etag(ledger.opening_revision)
    opening = ledger.opening
    return OpeningBody(
        on=opening.on, balance=money(opening.balance), minimum=money(opening.minimum)
    )
