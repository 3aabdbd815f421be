"""Freezes a week: the version that was current when it began becomes what the week is held to."""

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


async def freeze_week(tx: Tx, now: datetime) -> bool:
    """Freeze the week under way, if it is not and there is a version; whether it is frozen."""
    zone = await reference.load_zone(tx)
    week = _week(now, zone)
    if await versions.frozen_versions(tx, [week]):
        return True
    begins, ends = _midnight(week, zone), _midnight(week + timedelta(days=7), zone)
    version = await versions.version_at(tx, begins, min(ends, now + timedelta(microseconds=1)))
    if version is None:
        return False
    series = await versions.load_series(tx, version.version, week)
    if version.as_of > begins:
        # Published part-way: its baseline is net of what was sold before in the week.
        sold_by = version.as_of.astimezone(zone).date()
        sold = await sales.load_without_deal(tx, week, week + SUNDAY, sold_by)
        series = [_whole(line, sold.get((line.product, line.region), ZERO)) for line in series]
    hierarchy = await reference.load_hierarchy(tx)
    dated = await sales.load_dated(tx, week, week + SUNDAY)
    rows = roll_up(series, hierarchy, week)
    units = await reference.load_units(tx, {line.product for line in dated})
    rows += unexpected(dated, hierarchy, units, {row.scope for row in rows})
    await buckets.save_buckets(tx, rows)
    await buckets.add_days(tx, spread_days(dated, hierarchy))
    await versions.save_frozen(tx, week, version.version, now)
    return True


async def is_frozen(tx: Tx, now: datetime) -> bool:
    """Whether the week under way is held to a version."""
    week = _week(now, await reference.load_zone(tx))
    return bool(await versions.frozen_versions(tx, [week]))


async def freeze_anew(tx: Tx, now: datetime) -> None:
    """Sum the frozen week under way again, after the hierarchy changed."""
    week = _week(now, await reference.load_zone(tx))
    if await versions.frozen_versions(tx, [week]):
        await versions.forget_frozen(tx, week)
        await buckets.delete_week(tx, week)
        await freeze_week(tx, now)


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


def _week(now: datetime, zone: ZoneInfo) -> date:
    today = now.astimezone(zone).date()
    return today - timedelta(days=today.weekday())


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
