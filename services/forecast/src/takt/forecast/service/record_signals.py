"""Signals (F8): recorded, corrected, withdrawn; each moves the forecasts that it covers at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from takt.common.contracts.forecast import SignalRecorded, SignalState, SignalWithdrawn
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.outbox import emit
from takt.common.problems import NotFound
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of
from takt.forecast.domain.signals import lasts_into
from takt.forecast.schemas_signals import RecordedSignal, SignalIn
from takt.forecast.service.lift_series import lift_series, same_lift
from takt.forecast.service.publish import in_zone, publish
from takt.forecast.store import calibrations, replicas
from takt.forecast.store import series as series_store
from takt.forecast.store import signals as store
from takt.forecast.store.signals import StoredSignal


class NoSignal(NotFound):
    """There is no such signal."""

    slug = "no-signal"


def signal_id_of(source: str, external_id: str) -> UUID:
    """The identity of a source's signal: the same whenever it is told."""
    return uuid5(NAMESPACE_URL, f"takt:signal:{source}#{external_id}")


async def record_signals(
    tx: Tx, told: Sequence[SignalIn], *, by: str, now: datetime, cause: Cause
) -> list[RecordedSignal]:
    """Keep signals; the same again changes nothing, another content corrects.

    What was withdrawn and is told again holds again.

    Args:
        tx: the caller's transaction.
        told: each source and external id once.
        by: who says it.
        now: business time.
        cause: of the signals; they are the cause of what follows.
    """
    states = [
        SignalState(
            signal_id=signal_id_of(one.source, one.external_id), **one.model_dump(mode="python")
        )
        for one in told
    ]
    known = await store.lock_signals(tx, [state.signal_id for state in states])
    changed: list[StoredSignal] = []
    outcomes = []
    for state in states:
        before = known.get(state.signal_id)
        sequence = 1 if before is None else before.sequence
        result = "recorded" if before is None else "unchanged"
        if before is None or before.state != state or before.withdrawn:
            sequence = 1 if before is None else before.sequence + 1
            result = result if before is None else "corrected"
            changed.append(StoredSignal(state, sequence, False, by, now))
        outcomes.append(
            RecordedSignal(
                signal_id=state.signal_id,
                source=state.source,
                external_id=state.external_id,
                result=result,
                sequence=sequence,
            )
        )
    await _keep(tx, known, changed, now, cause)
    return outcomes


async def withdraw_signal(
    tx: Tx, signal_id: UUID, *, by: str, now: datetime, cause: Cause
) -> StoredSignal:
    """A signal does not hold any more; again changes nothing. Raises NoSignal."""
    known = await store.lock_signals(tx, [signal_id])
    signal = known.get(signal_id)
    if signal is None:
        raise NoSignal(field="signal_id", value=str(signal_id), remedy="GET /v1/signals lists them")
    if signal.withdrawn:
        return signal
    gone = StoredSignal(signal.state, signal.sequence + 1, True, by, now)
    await _keep(tx, known, [gone], now, cause)
    return gone


async def _keep(
    tx: Tx,
    known: dict[UUID, StoredSignal],
    changed: Sequence[StoredSignal],
    now: datetime,
    cause: Cause,
) -> None:
    if not changed:
        return
    await store.save_signals(tx, changed)
    told = await emit(tx, *((_event(signal, now), cause) for signal in changed))
    week = week_of(in_zone(now, await replicas.time_zone(tx)).date())
    scopes = [signal.state for signal in changed]
    scopes += [known[s.signal_id].state for s in scopes if s.signal_id in known]
    keys = await store.covered_series(
        tx, [scope for scope in scopes if lasts_into(scope, week, HORIZON_WEEKS)]
    )
    if not keys:
        return
    before = await series_store.lock_series(tx, keys, week)
    after = await lift_series(tx, before)
    batch = [new for old, new in zip(before, after, strict=True) if not same_lift(old, new)]
    calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
    causes = dict.fromkeys((series.key for series in batch), Cause.of(*told))
    await publish(tx, batch, causes, calibration, now)


def _event(signal: StoredSignal, now: datetime) -> SignalRecorded | SignalWithdrawn:
    if signal.withdrawn:
        return SignalWithdrawn(
            sequence=signal.sequence,
            signal=signal.state,
            withdrawn_by=signal.recorded_by,
            as_of=now,
        )
    return SignalRecorded(
        sequence=signal.sequence, signal=signal.state, recorded_by=signal.recorded_by, as_of=now
    )
