"""Signals (F8): recorded, corrected, withdrawn; each moves the forecasts that it covers at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from takt.common.contracts.forecast import SignalRecorded, SignalState, SignalWithdrawn
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, Event
from takt.common.outbox import emit
from takt.common.problems import NotFound
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of
from takt.forecast.domain.signals import lasts_into
from takt.forecast.schemas_signals import RecordedSignal, SignalIn
from takt.forecast.service.lift_series import lift_series, same_lift
from takt.forecast.service.publish import in_zone, publish
from takt.forecast.store import calibrations, catalog
from takt.forecast.store import series as series_store
from takt.forecast.store import signals as store
from takt.forecast.store.signals import StoredSignal


class NoSignal(NotFound):
    """There is no such signal."""

    slug = "no-signal"


def signal_id_of(source: str, external_id: str) -> UUID:
    """The identity of a source's signal: the same whenever it is told."""
    return uuid5(NAMESPACE_URL, f"takt:signal:{source}#{external_id}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A signal as somebody states it; `sequence` counts its source's own changes, where it does."""

    state: SignalState
    by: str
    cause: Cause
    withdrawn: bool = False
    sequence: int | None = None

    @classmethod
    def of(cls, told: SignalIn, by: str, cause: Cause) -> "Statement":
        """What is told, under the identity that it has whenever it is told."""
        signal_id = signal_id_of(told.source, told.external_id)
        return cls(SignalState(signal_id=signal_id, **told.model_dump(mode="python")), by, cause)


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
    return await keep_statements(tx, [Statement.of(one, by, cause) for one in told], now)


async def keep_statements(
    tx: Tx, said: Sequence[Statement], now: datetime, *, dry_run: bool = False
) -> list[RecordedSignal]:
    """Keep statements in their order, of one signal too; returns what became of each.

    Args:
        tx: the caller's transaction.
        said: an older one of its source than what is known changes nothing.
        now: business time.
        dry_run: only say what would become of them.
    """
    known = await store.lock_signals(tx, [one.state.signal_id for one in said])
    present = dict(known)
    changed: list[tuple[StoredSignal, Cause]] = []
    outcomes = []
    for one in said:
        before = present.get(one.state.signal_id)
        after = _restated(before, one, now)
        result: Literal["recorded", "corrected", "unchanged"] = "unchanged"
        if before is None or after.sequence != before.sequence:
            result = "recorded" if before is None else "corrected"
            changed.append((after, one.cause))
        present[one.state.signal_id] = after
        outcomes.append(
            RecordedSignal(
                signal_id=one.state.signal_id,
                source=one.state.source,
                external_id=one.state.external_id,
                result=result,
                sequence=after.sequence,
            )
        )
    if not dry_run:
        await _keep(tx, known, changed, now)
    return outcomes


def _restated(before: StoredSignal | None, said: Statement, now: datetime) -> StoredSignal:
    """The signal after a statement; as it was where that is older or says the same."""
    if before is None:
        return StoredSignal(said.state, 1, said.withdrawn, said.by, now, said.sequence)
    older = said.sequence is not None and said.sequence < (before.source_sequence or 0)
    if older or (before.state, before.withdrawn) == (said.state, said.withdrawn):
        return before
    counted = before.source_sequence if said.sequence is None else said.sequence
    return StoredSignal(said.state, before.sequence + 1, said.withdrawn, said.by, now, counted)


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
    gone = replace(
        signal, sequence=signal.sequence + 1, withdrawn=True, recorded_by=by, recorded_at=now
    )
    await _keep(tx, known, [(gone, cause)], now)
    return gone


async def _keep(
    tx: Tx,
    known: Mapping[UUID, StoredSignal],
    changed: Sequence[tuple[StoredSignal, Cause]],
    now: datetime,
) -> None:
    if not changed:
        return
    latest = {signal.state.signal_id: signal for signal, _ in changed}
    await store.save_signals(tx, list(latest.values()))
    told = await emit(tx, *((_event(signal, now), cause) for signal, cause in changed))
    week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
    news: dict[UUID, list[Envelope[Event]]] = {}
    for (signal, _), news_of_it in zip(changed, told, strict=True):
        news.setdefault(signal.state.signal_id, []).append(news_of_it)
    scopes = [signal.state for signal in latest.values()]
    scopes += [known[s.signal_id].state for s in scopes if s.signal_id in known]
    scopes = [scope for scope in scopes if lasts_into(scope, week, HORIZON_WEEKS)]
    covered = await store.covered_series(tx, scopes)
    if not covered:
        return
    before = await series_store.lock_series(tx, list(covered), week)
    after = await lift_series(tx, before)
    batch = [new for old, new in zip(before, after, strict=True) if not same_lift(old, new)]
    calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
    causes = {
        series.key: Cause.of(*(one for named in covered[series.key] for one in news[named]))
        for series in batch
    }
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
