"""Replicas of deals and sales. The newest sequence of each thing wins."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.contracts.deals import (
    DealState,
    SaleState,
)
from takt.common.db import Tx
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.pipeline import Delivery
from takt.forecast.domain.series import Share


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it was last counted into its series."""

    line_id: UUID
    series: SeriesKey
    share: Share


@dataclass(frozen=True, slots=True)
class StoredDeal:
    """A deal of the replica, with what was last said of it."""

    deal: DealState
    sequence: int
    demand_sequence: int
    probability: Decimal | None
    lines: tuple[StoredLine, ...]
    deliveries: dict[UUID, Delivery]


async def lock_deals(tx: Tx, deal_ids: Sequence[UUID]) -> None:
    """Lock deals that are there, in one order: whoever changes a deal's lines holds this."""
    await tx.exec_driver_sql(
        "SELECT FROM deals WHERE deal_id = ANY($1::uuid[]) ORDER BY deal_id FOR UPDATE",
        (sorted(deal_ids),),
    )


_STORED = """
SELECT d.deal_id, d.state, d.sequence, d.demand_sequence, d.probability, lines, deliveries,
    (SELECT id FROM calibrations ORDER BY id DESC LIMIT 1) AS calibration,
    (SELECT time_zone FROM company) AS time_zone
FROM {deals} d
LEFT JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(l)) AS lines FROM pipeline_lines l WHERE l.deal_id = d.deal_id
) l ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('line_id', s.deal_line_id, 'sold', s.quantity::text,
        'shipped', s.shipped_quantity::text)) AS deliveries
    FROM demand s WHERE s.deal_id = d.deal_id AND s.deal_line_id IS NOT NULL
) s ON true
"""


@dataclass(frozen=True, slots=True)
class LoadedDeals:
    """Deals with what they are judged by: the latest calibration and the company's time zone."""

    deals: list[StoredDeal]
    calibration: UUID | None
    time_zone: str | None

    def and_of(self, others: "LoadedDeals") -> "LoadedDeals":
        """These deals and others."""
        first = self if self.deals else others
        return LoadedDeals([*self.deals, *others.deals], first.calibration, first.time_zone)


NO_DEALS = LoadedDeals([], None, None)


async def save_deals(tx: Tx, deals: Sequence[tuple[DealState, int]]) -> LoadedDeals:
    """Keep deals, one state of each, and return those that were newer than what was known.

    One statement. Lines are as they were before. Lock the deals first, and give them in order, in
    which those not there yet are made.

    Args:
        tx: the caller's transaction.
        deals: states with their sequences.
    """
    rows = await tx.exec_driver_sql(
        """
        WITH accepted AS (
            INSERT INTO deals (deal_id, sequence, status, pipeline, stage, opened_at, closed_at,
            state) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[],
            $5::text[],
                $6::timestamptz[], $7::timestamptz[], $8::jsonb[])
            ON CONFLICT (deal_id) DO UPDATE SET sequence = excluded.sequence,
                status = excluded.status, pipeline = excluded.pipeline, stage = excluded.stage,
                opened_at = excluded.opened_at, closed_at = excluded.closed_at,
                state = excluded.state
            WHERE deals.sequence < excluded.sequence
            RETURNING deal_id, NULL::jsonb AS state, sequence, demand_sequence, probability
        )
        """
        + _STORED.format(deals="accepted"),
        (
            [deal.deal_id for deal, _ in deals],
            [sequence for _, sequence in deals],
            [deal.status for deal, _ in deals],
            [deal.pipeline for deal, _ in deals],
            [deal.stage for deal, _ in deals],
            [deal.opened_at for deal, _ in deals],
            [deal.closed_at for deal, _ in deals],
            [deal.model_dump_json() for deal, _ in deals],
        ),
    )
    return _loaded(rows.all(), {deal.deal_id: deal for deal, _ in deals})


async def load_deals(tx: Tx, deal_ids: Sequence[UUID]) -> LoadedDeals:
    """Deals that are there. Lock them first where they are to be changed."""
    rows = await tx.exec_driver_sql(
        _STORED.format(deals="deals") + "WHERE d.deal_id = ANY($1::uuid[])", (list(deal_ids),)
    )
    return _loaded(rows.all(), {})


def _loaded(rows: Sequence[Any], given: dict[UUID, DealState]) -> LoadedDeals:
    if not rows:
        return NO_DEALS
    deals = [
        StoredDeal(
            given[row.deal_id] if row.state is None else DealState.model_validate(row.state),
            row.sequence,
            row.demand_sequence,
            row.probability,
            tuple(_line(line) for line in row.lines or ()),
            {
                UUID(d["line_id"]): Delivery(Decimal(d["sold"]), Decimal(d["shipped"]))
                for d in row.deliveries or ()
            },
        )
        for row in rows
    ]
    return LoadedDeals(deals, rows[0].calibration, rows[0].time_zone)


def _line(row: dict[str, Any]) -> StoredLine:
    return StoredLine(
        UUID(row["line_id"]),
        SeriesKey(row["product"], row["region"]),
        Share(
            date.fromisoformat(row["first_week"]),
            np.array(row["expected"], dtype=np.int64),
            np.array(row["variance"], dtype=np.float64),
            row["probability"] == 1,
        ),
    )


async def judged_by(tx: Tx) -> LoadedDeals:
    """No deals, with what series are judged by."""
    row = (
        await tx.exec_driver_sql(
            """
            SELECT (SELECT id FROM calibrations ORDER BY id DESC LIMIT 1) AS calibration,
                (SELECT time_zone FROM company) AS time_zone
            """
        )
    ).one()
    return LoadedDeals([], row.calibration, row.time_zone)


async def deals_with_demand(tx: Tx, after: UUID | None, limit: int) -> list[UUID]:
    """Deals that are open or have lines not shipped yet, in the order of their ids."""
    rows = await tx.exec_driver_sql(
        """
        SELECT deal_id FROM deals d WHERE deal_id > $1
            AND (status = 'open' OR EXISTS (SELECT FROM pipeline_lines l WHERE l.deal_id =
            d.deal_id))
        ORDER BY deal_id LIMIT $2
        """,
        (after or UUID(int=0), limit),
    )
    return [row.deal_id for row in rows]


async def deal_states(tx: Tx) -> list[DealState]:
    """Every deal, with its history."""
    rows = await tx.exec_driver_sql("SELECT state::text FROM deals")
    # Reading ten thousand takes a good part of a second: others must not wait for it.
    return await asyncio.to_thread(_states, rows.scalars().all())


def _states(written: Sequence[str]) -> list[DealState]:
    return [DealState.model_validate_json(one) for one in written]


@dataclass(frozen=True, slots=True)
class SavedSale:
    """A sale that was newer than what was known, with the place where it stood before, if any."""

    series: SeriesKey
    day: date
    deal_id: UUID | None
    before: tuple[SeriesKey, date, UUID | None] | None


async def save_sales(tx: Tx, sales: Sequence[tuple[SaleState, int]]) -> list[SavedSale]:
    """Keep sales, one state of each, as demand at their requested dates.

    A sale stays the same when an ERP's copy gives it another source and order line. What was
    imported here has sequence 0: importing it anew corrects it, the owner's copy of the same source
    and order line takes its place, and after that an import changes nothing.
    """
    rows = await tx.exec_driver_sql(
        """
        WITH said AS (
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[],
                $6::text[], $7::date[], $8::numeric[], $9::numeric[], $10::date[], $11::uuid[],
                $12::uuid[], $13::numeric[], $14::date[])
            AS said (sale_id, sequence, source, order_line, product, region, day, quantity, price,
                sold_on, deal_id, deal_line_id, shipped_quantity, shipped_on)
        ), before AS (
            SELECT d.* FROM demand d JOIN said USING (sale_id)
        ), imported AS (
            DELETE FROM demand d USING said
            WHERE d.source = said.source AND d.order_line = said.order_line
                AND d.sale_id <> said.sale_id AND d.sequence = 0 AND said.sequence > 0
            RETURNING d.*
        ), saved AS (
            INSERT INTO demand (sale_id, sequence, source, order_line, product, region, day,
                quantity, price, sold_on, deal_id, deal_line_id, shipped_quantity, shipped_on)
            SELECT * FROM said WHERE sequence > 0 OR NOT EXISTS (
                SELECT FROM demand d WHERE d.source = said.source
                    AND d.order_line = said.order_line AND d.sale_id <> said.sale_id)
            ORDER BY sale_id
            ON CONFLICT (sale_id) DO UPDATE SET source = excluded.source,
                order_line = excluded.order_line, sequence = excluded.sequence,
                product = excluded.product, region = excluded.region, day = excluded.day,
                quantity = excluded.quantity, price = excluded.price, sold_on = excluded.sold_on,
                deal_id = excluded.deal_id, deal_line_id = excluded.deal_line_id,
                shipped_quantity = excluded.shipped_quantity, shipped_on = excluded.shipped_on
            WHERE demand.sequence < excluded.sequence
                OR (demand.sequence = 0 AND excluded.sequence = 0
                    AND (demand.product, demand.region, demand.day, demand.quantity, demand.price)
                    IS DISTINCT FROM (excluded.product, excluded.region, excluded.day,
                        excluded.quantity, excluded.price))
            RETURNING *
        )
        SELECT saved.product, saved.region, saved.day, saved.deal_id,
            coalesce(before.product, imported.product) AS old_product,
            coalesce(before.region, imported.region) AS old_region,
            coalesce(before.day, imported.day) AS old_day, before.deal_id AS old_deal_id
        FROM saved LEFT JOIN before USING (sale_id)
        LEFT JOIN imported ON imported.source = saved.source
            AND imported.order_line = saved.order_line
        """,
        (
            [s.sale_id for s, _ in sales],
            [sequence for _, sequence in sales],
            [s.source for s, _ in sales],
            [s.order_line for s, _ in sales],
            [s.product for s, _ in sales],
            [s.region for s, _ in sales],
            [s.requested_date for s, _ in sales],
            [s.quantity for s, _ in sales],
            [s.price for s, _ in sales],
            [s.sold_on for s, _ in sales],
            [s.deal_id for s, _ in sales],
            [s.deal_line_id for s, _ in sales],
            [s.shipped_quantity for s, _ in sales],
            [s.shipped_on for s, _ in sales],
        ),
    )
    return [
        SavedSale(
            SeriesKey(row.product, row.region),
            row.day,
            row.deal_id,
            (SeriesKey(row.old_product, row.old_region), row.old_day, row.old_deal_id)
            if row.old_product is not None
            else None,
        )
        for row in rows
    ]


async def lock_demand(tx: Tx) -> None:
    """Keep others from changing demand until the transaction ends.

    An import changes thousands of rows, some of which the owner's copies take the place of: row by
    row the two would cross.
    """
    await tx.exec_driver_sql("LOCK TABLE demand IN SHARE ROW EXCLUSIVE MODE")


async def deal_demand(tx: Tx, deal_id: UUID) -> tuple[Any, list[Any]] | None:
    """What was last said of a deal, and its lines, each with the sums of its series' forecast."""
    deal = (
        await tx.exec_driver_sql(
            """
            SELECT deal_id, sequence, stage, status, probability, stalled, counts, demand_as_of,
                round(probability * (
                    SELECT coalesce(sum((l ->> 'quantity')::numeric * (l ->> 'price')::numeric), 0)
                    FROM jsonb_array_elements(state -> 'lines') l), 6) AS expected_value
            FROM deals WHERE deal_id = $1
            """,
            (deal_id,),
        )
    ).one_or_none()
    if deal is None:
        return None
    lines = await tx.exec_driver_sql(
        """
        SELECT l.*,
            (SELECT sum(units) FROM unnest(r.baseline) units)::bigint AS series_baseline,
            (SELECT sum(units) FROM unnest(r.pipeline) units)::bigint AS series_pipeline
        FROM pipeline_lines l JOIN series s USING (product, region)
            JOIN forecast_revisions r USING (product, region, revision)
        WHERE l.deal_id = $1 ORDER BY l.line_id
        """,
        (deal_id,),
    )
    return deal, list(lines.all())
