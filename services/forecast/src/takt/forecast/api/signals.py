"""/v1/signals: dated signals, and what each does to the forecasts that it covers."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from takt.common.auth import Caller, requires
from takt.common.contracts.forecast import SignalKind
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceText,
    RequestCause,
    decode_cursor,
    encode_cursor,
    once,
)
from takt.forecast.api.explanations import language_of
from takt.forecast.schemas import ImportReport
from takt.forecast.schemas_signals import (
    EffectOut,
    RecordedSignals,
    SignalBatch,
    SignalImport,
    SignalOut,
    SignalResponses,
    SignalWithEffects,
    Text,
)
from takt.forecast.service.import_history import rows_of_csv
from takt.forecast.service.import_signals import COLUMNS, OTHERS, import_signals
from takt.forecast.service.propose_responses import propose_responses
from takt.forecast.service.record_signals import NoSignal, record_signals, withdraw_signal
from takt.forecast.service.signal_scopes import refuse_unknown
from takt.forecast.store import signals as store
from takt.forecast.store.signals import StoredSignal

router = APIRouter(prefix="/v1/signals", tags=["signals"])


@router.get("", dependencies=[requires("forecast:read")])
async def list_signals(
    tx: RequestTx,
    kind: SignalKind | None = None,
    product: str | None = None,
    family: str | None = None,
    region: str | None = None,
    source: str | None = None,
    on: date | None = None,
    withdrawn: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SignalOut]:
    """Signals by first day, those in force `on` a day; withdrawn ones only when asked for."""
    rows = await store.list_signals(
        tx,
        kind=kind,
        product=product,
        family=family,
        region=region,
        source=source,
        on=on,
        withdrawn=withdrawn,
        after=decode_cursor(cursor, tuple[date, UUID]),
        limit=limit,
    )
    items = [_out(row) for row in rows]
    last = items[-1] if len(items) == limit else None
    return Page(
        items=items,
        next=encode_cursor(last.begins.isoformat(), str(last.signal_id)) if last else None,
    )


@router.post("")
async def record(
    request: Request,
    body: SignalBatch,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    caller: Annotated[Caller, requires("forecast:write")],
) -> Response:
    """Record or correct signals; the same again changes nothing. Forecasts move at once.

    What they are said of has to be there.
    """

    async def answer() -> tuple[int, Any]:
        await refuse_unknown(tx, body.items)
        outcomes = await record_signals(tx, body.items, by=caller.name, now=now, cause=cause)
        return 200, RecordedSignals(items=outcomes)

    return await once(request, tx, answer, required=False)


@router.post("/imports")
async def import_rows(
    request: Request,
    body: SignalImport,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    caller: Annotated[Caller, requires("forecast:write")],
) -> Response:
    """Import rows; those that cannot be read are reported and the others are recorded."""

    async def answer() -> tuple[int, Any]:
        report = await import_signals(
            tx,
            body.rows,
            source=body.source,
            dry_run=body.dry_run,
            by=caller.name,
            now=now,
            cause=cause,
        )
        return 200, report

    return await once(request, tx, answer, required=False)


@router.post("/imports/csv")
async def import_csv(
    request: Request,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    caller: Annotated[Caller, requires("forecast:write")],
    source: Text = "import",
    dry_run: bool = False,
) -> ImportReport:
    """Import a CSV file in UTF-8, sent as the body; lines count from the one below the header."""
    rows = rows_of_csv(await request.body(), COLUMNS, OTHERS)
    return await import_signals(
        tx, rows, source=source, dry_run=dry_run, by=caller.name, now=now, cause=cause
    )


@router.get("/{signal_id}", dependencies=[requires("forecast:read")])
async def read_signal(signal_id: UUID, tx: RequestTx) -> SignalWithEffects:
    """One signal, with its effect on each series and where that is known from."""
    signal = await store.get_signal(tx, signal_id)
    if signal is None:
        raise NoSignal(field="signal_id", value=str(signal_id), remedy="GET /v1/signals lists them")
    effects = await store.effects_of_signal(tx, signal_id)
    return SignalWithEffects(
        **_out(signal).model_dump(), effects=[EffectOut.of(row) for row in effects]
    )


@router.get("/{signal_id}/responses", dependencies=[requires("forecast:read")])
async def read_responses(
    signal_id: UUID,
    response: Response,
    tx: RequestTx,
    now: Now,
    cursor: Cursor = None,
    limit: Limit = 50,
    accept_language: Annotated[str, Header()] = "en",
) -> SignalResponses:
    """What may be done about a competitor's promotion, with its money: price, stock, none.

    Proposed only, series by series: nothing is done by itself.
    """
    language = language_of(accept_language)
    found = await propose_responses(
        tx,
        signal_id,
        language=language,
        now=now,
        after=decode_cursor(cursor, tuple[PlaceText, PlaceText]),
        limit=limit,
    )
    if len(found.items) == limit:
        found.next = encode_cursor(found.items[-1].product, found.items[-1].region)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return found


@router.post("/{signal_id}/withdrawal")
async def withdraw(
    signal_id: UUID,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    caller: Annotated[Caller, requires("forecast:write")],
) -> SignalOut:
    """Withdraw a signal: it moves no forecast any more. Recording it again brings it back."""
    return _out(await withdraw_signal(tx, signal_id, by=caller.name, now=now, cause=cause))


def _out(signal: StoredSignal) -> SignalOut:
    return SignalOut(
        **signal.state.model_dump(),
        sequence=signal.sequence,
        withdrawn=signal.withdrawn,
        recorded_by=signal.recorded_by,
        recorded_at=signal.recorded_at,
    )
