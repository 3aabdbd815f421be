"""Freezes a week: the version that it began with becomes what the week is held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from takt.alerting.domain.deviation import NO_SPREAD, Spread
from takt.alerting.domain.scopes import Hierarchy, Scope
from takt.alerting.store import buckets, reference, sales, versions
from takt.alerting.store.buckets import BucketRow
from takt.alerting.tables import DayRow, SeriesWeek
from takt.common.amounts import micro
from takt.common.db import Tx

ZERO = Decimal(0)
SUNDAY = timedelta(days=6)
AFTER_MIDNIGHT = timedelta(hours=1)
"""So soon after midnight a version holds the days before and next to nothing of its own."""


async def freeze_week(tx: Tx, now: datetime) -> bool:
    """Freeze the week under way, if it is not and there is a version; whether it is frozen."""
    zone = await reference.load_zone(tx)
    week = _week(now, zone)
    if await versions.frozen_versions(tx, [week]):
        return True
    version = await _version_of(tx, week, now, zone)
    if version is None:
        return False
    series = await versions.load_series(tx, version.version, week)
    netted = await sales.load_netted(tx, week, week + SUNDAY, _last_day_in(version.as_of, zone))
    series = [_whole(line, netted.get((line.product, line.region), ZERO)) for line in series]
    hierarchy = await reference.load_hierarchy(tx)
    dated = await sales.load_dated(tx, week, week + SUNDAY)
    rows = roll_up(series, hierarchy, week)
    units = await reference.load_units(tx, {line.product for line in dated})
    rows += unexpected(dated, hierarchy, units, {row.scope for row in rows})
    await buckets.save_buckets(tx, rows)
    await buckets.add_days(tx, spread_days(dated, hierarchy))
    await versions.save_frozen(tx, week, version.version, now)
    return True


async def follow_version(tx: Tx, now: datetime) -> bool:
    """Let go of the week under way if a version that came makes another one its own.

    Returns: whether the week has to be frozen and judged anew.
    """
    zone = await reference.load_zone(tx)
    week = _week(now, zone)
    frozen = (await versions.frozen_versions(tx, [week])).get(week)
    if frozen is None:
        return True
    version = await _version_of(tx, week, now, zone)
    if version is None or version.version == frozen:
        return False
    await _let_go(tx, week)
    return True


async def freeze_anew(tx: Tx, now: datetime) -> None:
    """Sum the frozen week under way again, after the hierarchy changed."""
    week = _week(now, await reference.load_zone(tx))
    if await versions.frozen_versions(tx, [week]):
        await _let_go(tx, week)
        await freeze_week(tx, now)


async def _let_go(tx: Tx, week: date) -> None:
    await versions.forget_frozen(tx, week)
    await buckets.delete_week(tx, week)


async def _version_of(tx: Tx, week: date, now: datetime, zone: ZoneInfo) -> versions.Version | None:
    begins, monday_ends, ends = (_midnight(week + timedelta(days=n), zone) for n in (0, 1, 7))
    return await versions.version_at(
        tx, begins, monday_ends, min(ends, now + timedelta(microseconds=1))
    )


def roll_up(series: Iterable[SeriesWeek], hierarchy: Hierarchy, week: date) -> list[BucketRow]:
    """The buckets of every scope: forecasts add, and so do squared half-widths."""
    sums: dict[Scope, list[Decimal]] = defaultdict(lambda: [ZERO] * 6)
    units: dict[Scope, set[str]] = defaultdict(set)
    for line in series:
        below = max(ZERO, line.quantity - line.low) ** 2
        above = max(ZERO, line.high - line.quantity) ** 2
        squared_price = line.price**2
        added = (
            line.quantity,
            line.quantity * line.price,
            below,
            above,
            below * squared_price,
            above * squared_price,
        )
        for scope in hierarchy.scopes_of(line.product, line.region):
            sums[scope] = [a + b for a, b in zip(sums[scope], added, strict=True)]
            units[scope].add(line.unit)
    return [
        BucketRow(
            scope,
            week,
            next(iter(units[scope])) if len(units[scope]) == 1 else None,
            quantity,
            value,
            Spread(*squares[:2]),
            Spread(*squares[2:]),
        )
        for scope, (quantity, value, *squares) in sums.items()
    ]


def unexpected(
    dated: Iterable[sales.Dated],
    hierarchy: Hierarchy,
    units: dict[str, str],
    known: set[Scope],
) -> list[BucketRow]:
    """Empty buckets for what was sold where nothing was expected.

    A product whose unit is not known yet is measured in money until the catalog tells it.
    """
    rows: dict[tuple[Scope, date], BucketRow] = {}
    for line in dated:
        week = line.day - timedelta(days=line.day.weekday())
        for scope in hierarchy.scopes_of(line.product, line.region):
            if scope not in known:
                unit = units.get(line.product)
                row = rows.setdefault(
                    (scope, week),
                    BucketRow(scope, week, unit, ZERO, ZERO, NO_SPREAD, NO_SPREAD),
                )
                if row.unit != unit:
                    rows[scope, week] = replace(row, unit=None)
    return list(rows.values())


def spread_days(dated: Iterable[sales.Dated], hierarchy: Hierarchy) -> list[DayRow]:
    """What was sold, added up the hierarchy for every scope and day; zeros are left out."""
    sums: dict[tuple[str, date], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for line in dated:
        for scope in hierarchy.scopes_of(line.product, line.region):
            quantity, revenue = sums[scope.key, line.day]
            sums[scope.key, line.day] = (quantity + line.quantity, revenue + line.revenue)
    return [
        DayRow(scope, day, quantity, revenue)
        for (scope, day), (quantity, revenue) in sums.items()
        if quantity or revenue
    ]


def _whole(line: SeriesWeek, sold: Decimal) -> SeriesWeek:
    return SeriesWeek(
        line.product,
        line.region,
        line.unit,
        line.price,
        *(micro(amount + sold) for amount in (line.quantity, line.low, line.high)),
    )


def _last_day_in(as_of: datetime, zone: ZoneInfo) -> date:
    """The last day whose sales a version knows: the weekly one of past midnight knows Sunday's."""
    return (as_of.astimezone(zone) - AFTER_MIDNIGHT).date()


def _week(now: datetime, zone: ZoneInfo) -> date:
    today = now.astimezone(zone).date()
    return today - timedelta(days=today.weekday())


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
