"""What versions keep of series, orders and deals, read for the explanation of their difference."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.deal_changes import DealThen
from takt.forecast.domain.held_series import HeldLine, HeldModel, HeldOrder, HeldSeries
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import MILLION
from takt.forecast.domain.series import Floats, lift_from, rolled
from takt.forecast.domain.signal_parts import HeldSignal, SignalThen
from takt.forecast.domain.signals import week_logs
from takt.forecast.domain.two_speeds import COMBINATION, FAST


@dataclass(frozen=True, slots=True)
class Scope:
    """Which series are compared; None is all."""

    product: str | None = None
    family: str | None = None
    regions: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A version's series of a scope, with their units, and what its orders are called."""

    series: dict[SeriesKey, HeldSeries]
    units: dict[SeriesKey, str]
    orders: dict[UUID, tuple[str, str]]
    """Source and order line, by sale."""
    signals: dict[UUID, SignalThen]

    def deal_ids(self) -> frozenset[UUID]:
        """Deals with lines in these series."""
        lines = (line for series in self.series.values() for line in series.lines)
        return frozenset(line.deal_id for line in lines)


_SCOPE = """
WHERE v.version = $1 AND ($2::text IS NULL OR v.product = $2)
    AND ($3::text IS NULL OR v.product IN (SELECT code FROM products WHERE family = $3))
    AND ($4::text[] IS NULL OR v.region = ANY($4))
"""


async def held(tx: Tx, version: int, scope: Scope) -> Held:
    """A version's series in a scope, with what their forecasts were put together from."""
    regions = None if scope.regions is None else list(scope.regions)
    place = (version, scope.product, scope.family, regions)
    series = await tx.exec_driver_sql(
        """
        SELECT v.*, r.price, r.first_week, r.baseline, r.pipeline, m.model, m.analogue,
            m.analogue_week
        FROM version_series v JOIN forecast_revisions r USING (product, region, revision)
        LEFT JOIN version_models m USING (version, product, region)
        """
        + _SCOPE,
        place,
    )
    orders = await tx.exec_driver_sql("SELECT * FROM version_orders v" + _SCOPE, place)
    lines = await tx.exec_driver_sql(
        "SELECT product, region, deal_id, price, first_week, expected FROM version_lines v"
        + _SCOPE
        + "ORDER BY line_id",
        place,
    )
    signals = await tx.exec_driver_sql(
        "SELECT * FROM version_signals v" + _SCOPE + "ORDER BY begins, signal_id", place
    )
    # Thousands of rows of arrays take seconds: others must not wait for them.
    return await asyncio.to_thread(_held, series.all(), orders.all(), lines.all(), signals.all())


def _held(
    rows: Sequence[Any],
    order_rows: Sequence[Any],
    line_rows: Sequence[Any],
    signal_rows: Sequence[Any],
) -> Held:
    orders: dict[SeriesKey, list[HeldOrder]] = defaultdict(list)
    for row in order_rows:
        order = HeldOrder(row.sale_id, row.week, row.quantity)
        orders[SeriesKey(row.product, row.region)].append(order)
    lines: dict[SeriesKey, list[HeldLine]] = defaultdict(list)
    for row in line_rows:
        expected = np.array(row.expected, dtype=np.int64)
        line = HeldLine(row.deal_id, row.price, row.first_week, expected)
        lines[SeriesKey(row.product, row.region)].append(line)
    signals: dict[SeriesKey, list[Any]] = defaultdict(list)
    for row in signal_rows:
        signals[SeriesKey(row.product, row.region)].append(row)
    found: dict[SeriesKey, HeldSeries] = {}
    for row in rows:
        key = SeriesKey(row.product, row.region)
        found[key] = HeldSeries(
            key,
            row.price,
            row.first_week,
            np.array(row.baseline, dtype=np.int64),
            np.array(row.pipeline, dtype=np.int64),
            _model(row, signals[key]),
            tuple(orders[key]),
            tuple(lines[key]),
        )
    return Held(
        found,
        {SeriesKey(row.product, row.region): row.unit for row in rows},
        {row.sale_id: (row.source, row.order_line) for row in order_rows},
        {
            row.signal_id: SignalThen(
                row.signal_id, row.sequence, row.kind, row.source, row.external_id
            )
            for row in signal_rows
        },
    )


def _model(row: Any, signals: Sequence[Any]) -> HeldModel | None:
    """From what the baseline was put together; None in versions that did not keep it."""
    if row.statistical is None:
        return None
    return HeldModel(
        np.array(row.statistical),
        np.array(row.known),
        np.array(row.ordered, dtype=np.int64),
        np.array(row.observed, dtype=np.float64) / MILLION,
        row.observed_before,
        None if row.states is None else np.array(row.states),
        _lift(row),
        _signals(row, signals),
        row.model in (None, FAST, COMBINATION),
        _rolled(row.analogue, row.analogue_week, row.first_week),
        _rolled(row.shift, row.shift_week, row.first_week),
    )


def _lift(row: Any) -> Floats | None:
    """The lift from the series' first week on; it is kept from the week of its signals' effect."""
    if row.lift is None:
        return None
    passed = weeks_between(row.lift_week, row.first_week)
    return lift_from(np.array(row.lift), passed)


def _signals(row: Any, signals: Sequence[Any]) -> tuple[HeldSignal, ...]:
    """What each signal has of the lift, from the series' first week on."""
    if row.lift is None:
        return ()
    passed = max(weeks_between(row.lift_week, row.first_week), 0)
    factors = [(signal, signal.log_factor) for signal in signals]
    logs = week_logs(factors, row.lift_week, HORIZON_WEEKS)
    seen = np.zeros_like(logs)
    seen[:, : max(HORIZON_WEEKS - passed, 0)] = logs[:, passed:]
    return tuple(HeldSignal(s.signal_id, of) for s, of in zip(signals, seen, strict=True))


def _rolled(view: Sequence[float] | None, since: date, week: date) -> Floats | None:
    """What is kept from the week of the fit on, as seen from the series' first week."""
    return None if view is None else rolled(np.array(view), weeks_between(since, week))


async def deals_then(tx: Tx, version: int, deal_ids: Collection[UUID]) -> dict[UUID, DealThen]:
    """Deals as they were last kept by a version, that one or an earlier."""
    rows = await tx.exec_driver_sql(
        """
        SELECT DISTINCT ON (deal_id) deal_id, name, stage, status, sequence FROM version_deals
        WHERE version <= $1 AND deal_id = ANY($2::uuid[]) ORDER BY deal_id, version DESC
        """,
        (version, list(deal_ids)),
    )
    return {row.deal_id: DealThen(**row._mapping) for row in rows}
