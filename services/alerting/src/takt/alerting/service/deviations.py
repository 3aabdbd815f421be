"""Judges scopes: raises and resolves alerts, opens reviews or lets a breach join one (A1, A2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from takt.alerting.domain import review as reviewing
from takt.alerting.domain.deviation import (
    Direction,
    Limits,
    Reason,
    Verdict,
    WeekdayProfile,
    explaining_child,
    judge,
)
from takt.alerting.domain.scopes import Hierarchy, Scope
from takt.alerting.service import contracts
from takt.alerting.service.announce import announce
from takt.alerting.service.explaining import Scene, explain_scope, load_scene
from takt.alerting.service.freezing import freeze_week
from takt.alerting.store import alerts, buckets, reference, reviews, versions
from takt.alerting.store.buckets import ScopeWeeks
from takt.alerting.store.reviews import ReviewRow
from takt.alerting.tables import AlertRow
from takt.common.amounts import micro, plain
from takt.common.contracts.alerting import AlertRaised, AlertResolved, ReviewOpened
from takt.common.db import Tx
from takt.common.event import Cause, Event, new_id

CHUNK = 500
CHECK_TIME = time(5)
"""Of the company's day: before anybody is at work."""
ITEM_RANK = {"series": 0, "product": 1, "family-region": 1, "family": 2, "region": 2, "total": 3}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check did."""

    scopes: int
    raised: int
    resolved: int
    opened: int


@dataclass(slots=True)
class _Bench:
    """What judging a batch of scopes needs, and what it has decided so far."""

    tx: Tx
    now: datetime
    zone: ZoneInfo
    today: date
    hierarchy: Hierarchy
    profile: WeekdayProfile
    limits: Limits
    weeks: dict[str, ScopeWeeks]
    alerts: dict[str, AlertRow]
    reviews: dict[str, ReviewRow] = field(default_factory=dict)
    scenes: dict[date, Scene] = field(default_factory=dict)
    breached: dict[str, Direction] = field(default_factory=dict)
    changed: list[AlertRow] = field(default_factory=list)
    said: list[tuple[Event, Cause]] = field(default_factory=list)

    @property
    def current_week(self) -> date:
        return self.today - timedelta(days=self.today.weekday())


async def judge_scopes(
    tx: Tx, causes: Mapping[str, Cause], now: datetime, limits: Limits
) -> Checked:
    """Judge scopes and act on what is found, finest scope first.

    Args:
        tx: the caller's transaction, which holds the lock.
        causes: why each scope is judged, by its key.
        now: business time.
        limits: what counts as a deviation.
    """
    zone = await reference.load_zone(tx)
    today = now.astimezone(zone).date()
    weeks = await buckets.load_weeks(tx, causes.keys(), today)
    opened = await alerts.load_open(tx, "deviation", causes.keys())
    bench = _Bench(
        tx,
        now,
        zone,
        today,
        await reference.load_hierarchy(tx),
        await buckets.load_profile(tx, today),
        limits,
        weeks,
        {alert.scope: alert for alert in opened},
    )
    raised: list[tuple[str, Verdict]] = []
    for key in sorted(weeks, key=lambda key: _finest_first(weeks[key].scope, bench.hierarchy)):
        verdict = judge_weeks(weeks[key], today, bench.profile, limits)
        alert = bench.alerts.get(key)
        if verdict.direction is not None:
            bench.breached[key] = verdict.direction
        if alert is not None and _is_over(alert, verdict):
            _resolve(bench, alert, causes[key])
            alert = None
        if alert is None and verdict.direction is not None:
            raised.append((key, verdict))
    if raised:
        await _gather(bench, [key for key, _ in raised])
    for key, verdict in raised:
        await _raise(bench, key, verdict, causes[key])
    if bench.changed:
        await alerts.save_alerts(tx, bench.changed)
        await announce(tx, *bench.said)
    said = [type(event) for event, _ in bench.said]
    return Checked(
        len(weeks), said.count(AlertRaised), said.count(AlertResolved), said.count(ReviewOpened)
    )


def judge_weeks(weeks: ScopeWeeks, today: date, profile: WeekdayProfile, limits: Limits) -> Verdict:
    """The verdict on a scope, in its own measure."""
    measure = weeks.measure
    current = today - timedelta(days=today.weekday())
    return judge(weeks.record(measure, current), today, profile, limits.of(measure))


async def check(tx: Tx, now: datetime, limits: Limits, cause: Cause) -> Checked:
    """Judge every scope by the clock alone: what sells nothing emits nothing (A1)."""
    await reference.lock(tx)
    await freeze_week(tx, now)
    zone = await reference.load_zone(tx)
    today = now.astimezone(zone).date()
    current = today - timedelta(days=today.weekday())
    judged = Checked(0, 0, 0, 0)
    seen: set[str] = set()
    for chunk in await _finest_first_chunks(tx, [current, current - buckets.WEEK]):
        seen.update(chunk)
        part = await judge_scopes(tx, dict.fromkeys(chunk, cause), now, limits)
        judged = Checked(
            judged.scopes + part.scopes,
            judged.raised + part.raised,
            judged.resolved + part.resolved,
            judged.opened + part.opened,
        )
    forgotten = [a for a in await alerts.load_open(tx, "deviation") if a.scope not in seen]
    await _resolve_forgotten(tx, forgotten, now, cause)
    return replace(judged, resolved=judged.resolved + len(forgotten))


async def check_daily(tx: Tx, now: datetime, limits: Limits, cause: Cause) -> None:
    """Judge every scope and forget what is old, once in the company's day, after `CHECK_TIME`."""
    local = now.astimezone(await reference.load_zone(tx))
    if local.time() >= CHECK_TIME and await reference.begin_check(tx, local.date()):
        await check(tx, now, limits, cause)
        await prune(tx, now)


async def _resolve_forgotten(
    tx: Tx, forgotten: list[AlertRow], now: datetime, cause: Cause
) -> None:
    """End the alerts of scopes that are neither forecast nor sold any more."""
    if forgotten:
        over = [replace(a, resolved_at=now, sequence=a.sequence + 1) for a in forgotten]
        await alerts.save_alerts(tx, over)
        said = [AlertResolved(sequence=a.sequence, alert=contracts.alert_state(a)) for a in over]
        await announce(tx, *((event, cause) for event in said))


async def prune(tx: Tx, now: datetime) -> None:
    """Forget weeks, sales and versions that are older than what is judged."""
    oldest = now.date() - (buckets.HISTORY_WEEKS + 1) * buckets.WEEK
    await versions.prune(tx, oldest - timedelta(days=oldest.weekday()))
    await alerts.prune(tx, now - timedelta(days=365))


async def _finest_first_chunks(tx: Tx, weeks: list[date]) -> Iterable[list[str]]:
    """All scopes of these weeks in chunks, every series before any sum."""
    levels = ("series", "product", "family-region", "family", "region", "total")
    chunks: list[list[str]] = []
    for level in levels:
        after: str | None = None
        while chunk := await buckets.load_scopes(tx, weeks, after, CHUNK, level):
            chunks.append(chunk)
            after = chunk[-1]
    return chunks


def _finest_first(scope: Scope, hierarchy: Hierarchy) -> tuple[int, int, str]:
    path = hierarchy.region_path(scope.region) if scope.region else ()
    return ITEM_RANK[scope.level], -len(path), scope.key


def _is_over(alert: AlertRow, verdict: Verdict) -> bool:
    """An alert ends when the scope is judged to be within its limits, or leaves them elsewhere.

    Too early it can only be to say that too little is sold.
    """
    if verdict.direction is None:
        return verdict.reason is not Reason.TOO_EARLY or alert.direction == "over"
    return verdict.direction != alert.direction


def _resolve(bench: _Bench, alert: AlertRow, cause: Cause) -> None:
    over = replace(alert, resolved_at=bench.now, sequence=alert.sequence + 1)
    bench.changed.append(over)
    event = AlertResolved(sequence=over.sequence, alert=contracts.alert_state(over))
    bench.said.append((event, cause))


async def _gather(bench: _Bench, raised: list[str]) -> None:
    """Load what a new breach may join: its scope's own review, and breached scopes inside it."""
    for alert in await alerts.load_open(bench.tx, "deviation"):
        if alert.scope not in bench.weeks:
            bench.breached.setdefault(alert.scope, alert.direction)
    outside = [key for key in bench.breached if key not in bench.weeks]
    parents = [bench.weeks[key].scope for key in raised]
    if outside:
        found = await buckets.load_weeks(bench.tx, outside, bench.today)
        for key, weeks in found.items():
            if any(bench.hierarchy.covers(parent, weeks.scope) for parent in parents):
                bench.weeks[key] = weeks
    bench.reviews = await reviews.load_active(bench.tx, [*bench.breached])


async def _raise(bench: _Bench, key: str, verdict: Verdict, cause: Cause) -> None:
    assert verdict.direction is not None
    weeks = bench.weeks[key]
    row = bench.reviews.get(key)
    money = weeks.money(verdict.weeks, verdict.due, with_booked=verdict.with_booked)
    if row is None:
        child = _explained_by(bench, weeks, verdict.direction)
        if child is not None:
            joined = reviewing.join(bench.reviews[child].review, key)
            row = bench.reviews[child].with_review(joined)
            await reviews.save_review(bench.tx, row)
            bench.reviews[child] = row
    opened = None
    if row is None:
        row = opened = await _open(bench, weeks, verdict)
        bench.reviews[key] = row
        money = row.deviation
    alert = AlertRow(
        alert_id=new_id(),
        kind="deviation",
        scope=key,
        level=weeks.scope.level,
        product=weeks.scope.product,
        family=weeks.scope.family,
        region=weeks.scope.region,
        week=verdict.week,
        rule=verdict.reason,
        direction=verdict.direction,
        summary=summary(weeks, verdict),
        raised_at=bench.now,
        resolved_at=None,
        expected=micro(verdict.expected),
        actual=micro(verdict.actual),
        money=micro(money),
        review_id=row.review.id,
        sequence=1,
    )
    bench.changed.append(alert)
    bench.said.append((AlertRaised(sequence=1, alert=contracts.alert_state(alert)), cause))
    if opened is not None:
        state = contracts.review_state(opened)
        bench.said.append((ReviewOpened(sequence=opened.review.revision, review=state), cause))


async def _open(bench: _Bench, weeks: ScopeWeeks, verdict: Verdict) -> ReviewRow:
    assert verdict.direction is not None
    for week in verdict.weeks:
        if week not in bench.scenes:
            bench.scenes[week] = await load_scene(bench.tx, week)
    scenes = [bench.scenes[week] for week in verdict.weeks]
    causes = explain_scope(weeks.scope, verdict, scenes, bench.today, bench.hierarchy)
    review = reviewing.open_review(
        new_id(),
        scope=weeks.scope.key,
        level=weeks.scope.level,
        title=weeks.scope.title,
        direction=verdict.direction,
        now=bench.now,
        zone=bench.zone,
    )
    row = ReviewRow(
        review, weeks.scope, verdict.week, causes.total, contracts.review_causes(causes)
    )
    await reviews.save_review(bench.tx, row)
    return row


def _explained_by(bench: _Bench, parent: ScopeWeeks, direction: Direction) -> str | None:
    """The breached scope inside this one that explains it and has a review to join."""
    measure, week = parent.measure, bench.current_week
    children = {
        key: weeks.record(measure, week)
        for key, weeks in bench.weeks.items()
        if bench.breached.get(key) == direction
        and key in bench.reviews
        and bench.hierarchy.covers(parent.scope, weeks.scope)
    }
    return explaining_child(
        parent.record(measure, week),
        children,
        bench.today,
        bench.profile,
        bench.limits.of(measure),
    )


def summary(weeks: ScopeWeeks, verdict: Verdict) -> str:
    """The finding in a sentence, amounts to one place."""
    unit = weeks.unit or "in money"
    actual, expected = (plain(round(amount, 1)) for amount in (verdict.actual, verdict.expected))
    share = abs(verdict.relative_error) * 100
    side = "below" if verdict.direction == "under" else "above"
    return (
        f"{weeks.scope.title}: {actual} {unit} sold, {expected} expected by now,"
        f" {share:.0f} % {side} the forecast ({verdict.reason})"
    )
