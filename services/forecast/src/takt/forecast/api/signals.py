"""/v1/signals: dated signals, and what each does to the forecasts that it covers."""

from datetime import date
from math import exp
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from takt.common.auth import Caller, requires
from takt.common.contracts.forecast import SignalKind
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    RequestCause,
    decode_cursor,
    encode_cursor,
    once,
)
from takt.forecast.schemas_signals import (
    EffectOut,
    RecordedSignals,
    SignalBatch,
    SignalOut,
    SignalWithEffects,
)
from takt.forecast.service.record_signals import NoSignal, record_signals, withdraw_signal
from takt.forecast.service.signal_scopes import refuse_unknown
from takt.forecast.store import signals as store
from takt.forecast.store.signals import StoredSignal

router = APIRouter(prefix="/v1/signals", tags=["signals"])

Z95 = 1.959964


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


@router.get("/{signal_id}", dependencies=[requires("forecast:read")])
async def read_signal(signal_id: UUID, tx: RequestTx) -> SignalWithEffects:
    """One signal, with its effect on each series and where that is known from."""
    signal = await store.get_signal(tx, signal_id)
    if signal is None:
        raise NoSignal(field="signal_id", value=str(signal_id), remedy="GET /v1/signals lists them")
    effects = await store.effects_of_signal(tx, signal_id)
    return SignalWithEffects(**_out(signal).model_dump(), effects=[_effect(row) for row in effects])


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


def _effect(row: Any) -> EffectOut:
    return EffectOut(
        product=row.product,
        region=row.region,
        factor=exp(row.log_factor),
        low=exp(row.log_factor - Z95 * row.error),
        high=exp(row.log_factor + Z95 * row.error),
        origin=row.origin,
        observed=row.observed,
    )
