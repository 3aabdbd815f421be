"""Methods by class of demand: what is decided of each class, and what each series is said by."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.comparison import Decision
from takt.forecast.domain.demand_classes import RARE, Class
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.rare_smoothing import Common
from takt.forecast.domain.two_speeds import RATE
from takt.forecast.domain.views import View
from takt.forecast.store.arrays import literal

SHOWN = 10
"""Analogues that are named, those that weigh most."""


async def by_rate(tx: Tx) -> frozenset[Class]:
    """The classes of rare demand whose rate is published: all, but where a speed was better."""
    rows = await class_decisions(tx)
    others = {row.demand_class for row in rows if row.method != RATE}
    return frozenset(label for label in RARE if label not in others)


async def class_decisions(tx: Tx) -> list[Any]:
    """What the latest run found of each class of rare demand."""
    rows = await tx.exec_driver_sql("SELECT * FROM class_decisions ORDER BY demand_class")
    return list(rows.all())


async def save_class_decisions(
    tx: Tx, decisions: Mapping[Class, Decision], run: UUID, now: datetime
) -> None:
    """Keep what a run found of each class, in the place of what an earlier one found."""
    await tx.exec_driver_sql("DELETE FROM class_decisions")
    for label, found in decisions.items():
        await tx.exec_driver_sql(
            """
            INSERT INTO class_decisions (demand_class, run, at, method, speed, reason, origins,
                series, rate_loss, speed_loss, statistic, p_value)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            (
                label,
                run,
                now,
                found.champion,
                found.challenger if found.champion == RATE else found.champion,
                found.reason,
                found.origins,
                found.series,
                found.champion_loss,
                found.challenger_loss,
                found.statistic,
                found.p_value,
            ),
        )


async def common(tx: Tx) -> Common:
    """What series of rare demand have in common; nothing before it was measured."""
    rows = await tx.exec_driver_sql("SELECT common FROM rare_demand")
    row = rows.scalar_one_or_none()
    return Common.nothing() if row is None else Common.from_row(np.array(row))


async def save_common(tx: Tx, found: Common, series: int, now: datetime) -> None:
    """Keep what series of rare demand have in common."""
    await tx.exec_driver_sql(
        """
        INSERT INTO rare_demand (at, series, common) VALUES ($1, $2, $3::text::float8[])
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, series = excluded.series,
            common = excluded.common
        """,
        (now, series, literal(found.row())),
    )


async def save_views(tx: Tx, views: Mapping[SeriesKey, View], week: date) -> None:
    """Keep by which method each series is said. Lock the series first."""
    keys = sorted(views)
    await tx.exec_driver_sql(
        """
        INSERT INTO series_methods (product, region, demand_class, method, weight, analogues,
            analogue, week)
        SELECT product, region, demand_class, method, weight, analogues, analogue::float8[],
            CASE WHEN analogue IS NOT NULL THEN $8::date END
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::jsonb[],
            $7::text[]) AS v (product, region, demand_class, method, weight, analogues, analogue)
        ON CONFLICT (product, region) DO UPDATE SET demand_class = excluded.demand_class,
            method = excluded.method, weight = excluded.weight, analogues = excluded.analogues,
            analogue = excluded.analogue, week = excluded.week
        WHERE (series_methods.demand_class, series_methods.method, series_methods.weight,
            series_methods.analogues, series_methods.analogue, series_methods.week)
            IS DISTINCT FROM (excluded.demand_class, excluded.method, excluded.weight,
            excluded.analogues, excluded.analogue, excluded.week)
        """,
        (
            [key.product for key in keys],
            [key.region for key in keys],
            [views[key].demand_class for key in keys],
            [views[key].method for key in keys],
            *_columns([views[key] for key in keys]),
            week,
        ),
    )


def _columns(views: Sequence[View]) -> list[list[Any]]:
    """Weights of their own history, analogues, and what these are a part of."""
    new = [view.new for view in views]
    return [
        [None if one is None else one.credibility for one in new],
        [
            None
            if one is None
            else json.dumps(
                [
                    {
                        "product": relative.key.product,
                        "region": relative.key.region,
                        "weight": round(weight, 6),
                    }
                    for relative, weight in one.likest[:SHOWN]
                ]
            )
            for one in new
        ],
        [None if one is None else literal(one.analogue) for one in new],
    ]
