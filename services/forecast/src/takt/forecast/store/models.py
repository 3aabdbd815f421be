"""Models: how good each is, which one is published, and what was decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.forecast.domain.backtest import Measures
from takt.forecast.domain.comparison import Decision
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.judging import Group
from takt.forecast.domain.two_speeds import FAST
from takt.forecast.store.arrays import literal

_MEASURES = [field.name for field in fields(Measures)]
_FLOATS = _MEASURES[1:]
PAGE = 1_000
"""Rows written at a time: between two of them others have their turn."""


async def champion(tx: Tx) -> str:
    """Which model is published."""
    rows = await tx.exec_driver_sql(
        "SELECT champion FROM model_decisions ORDER BY decision DESC LIMIT 1"
    )
    return rows.scalar_one_or_none() or FAST


async def last_undone(tx: Tx) -> datetime | None:
    """When a person last undid a decision: what was known by then does not count again."""
    rows = await tx.exec_driver_sql(
        "SELECT max(at) AS at FROM model_decisions WHERE outcome = 'undone'"
    )
    at: datetime | None = rows.scalar_one()
    return at


async def save_decision(tx: Tx, decision: Decision, run: UUID, now: datetime) -> int | None:
    """Log what a run decided; returns its number.

    None where it keeps the champion by the very numbers of the latest decision: a night without
    news decides nothing. Lock the decisions first.
    """
    rows = await tx.exec_driver_sql(
        """
        WITH latest AS (SELECT * FROM model_decisions ORDER BY decision DESC LIMIT 1)
        INSERT INTO model_decisions (decision, at, run, outcome, champion, challenger, decided_by,
            reason, origins, series, champion_loss, challenger_loss, statistic, p_value, better,
            worse)
        SELECT coalesce((SELECT decision FROM latest), 0) + 1, $1, $2, $3, $4, $5, 'test', $6, $7,
            $8, $9, $10, $11, $12, $13, $14
        WHERE NOT EXISTS (
            SELECT FROM latest WHERE outcome = 'kept' AND (outcome, champion, challenger, reason,
                origins, series, champion_loss, challenger_loss, statistic, p_value, better, worse)
                IS NOT DISTINCT FROM ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))
        RETURNING decision
        """,
        (
            now,
            run,
            decision.outcome,
            decision.champion,
            decision.challenger,
            decision.reason,
            decision.origins,
            decision.series,
            decision.champion_loss,
            decision.challenger_loss,
            decision.statistic,
            decision.p_value,
            decision.better,
            decision.worse,
        ),
    )
    number: int | None = rows.scalar_one_or_none()
    return number


async def lock_decisions(tx: Tx) -> None:
    """Keep others from deciding until the transaction ends."""
    await tx.exec_driver_sql("LOCK TABLE model_decisions IN SHARE ROW EXCLUSIVE MODE")


async def undo(tx: Tx, decision: int, decided_by: str, now: datetime) -> Any:
    """Log that a promotion is undone: its challenger, who was published before, is again."""
    rows = await tx.exec_driver_sql(
        """
        INSERT INTO model_decisions (decision, at, run, outcome, champion, challenger, decided_by,
            undoes, reason)
        SELECT (SELECT max(decision) FROM model_decisions) + 1, $1, NULL, 'undone', challenger,
            champion, $2, decision, 'undone by ' || $2
        FROM model_decisions WHERE decision = $3 RETURNING *
        """,
        (now, decided_by, decision),
    )
    return rows.one()


async def get_decision(tx: Tx, decision: int) -> Any | None:
    """A decision."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM model_decisions WHERE decision = $1", (decision,)
    )
    return rows.one_or_none()


async def last_change(tx: Tx) -> Any | None:
    """The decision by which the published model is published."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM model_decisions WHERE outcome <> 'kept' ORDER BY decision DESC LIMIT 1"
    )
    return rows.one_or_none()


async def list_decisions(tx: Tx, before: int | None, limit: int) -> list[Any]:
    """Decisions, the newest first."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM model_decisions WHERE $1::int IS NULL OR decision < $1
        ORDER BY decision DESC LIMIT $2
        """,
        (before, limit),
    )
    return list(rows.all())


async def save_judged(
    tx: Tx,
    run: UUID,
    groups: Sequence[Group],
    keys: Sequence[SeriesKey],
    series: Mapping[str, Sequence[Measures]],
    bands: Bands,
) -> None:
    """Keep what the trials show, in the place of what an earlier run found."""
    await tx.exec_driver_sql("DELETE FROM backtests")
    await tx.exec_driver_sql("DELETE FROM series_accuracy")
    columns = ", ".join(_MEASURES)
    types = "".join(f", ${place}::float8[]" for place in range(7, 7 + len(_FLOATS)))
    await tx.exec_driver_sql(
        f"""
        INSERT INTO backtests (run, place, grouping, label, method, {columns})
        SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::int[]{types})
        """,
        (
            run,
            list(range(len(groups))),
            [group.grouping for group in groups],
            [group.label for group in groups],
            [group.method for group in groups],
            *_columns([group.measures for group in groups]),
        ),
    )
    rows = [
        (key, method, measures)
        for method, found in series.items()
        for key, measures in zip(keys, found, strict=True)
        if measures.weeks
    ]
    types = "".join(f", ${place}::float8[]" for place in range(5, 5 + len(_FLOATS)))
    for start in range(0, len(rows), PAGE):
        page = rows[start : start + PAGE]
        await tx.exec_driver_sql(
            f"""
            INSERT INTO series_accuracy (product, region, method, {columns})
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[]{types})
            """,
            (
                [key.product for key, _, _ in page],
                [key.region for key, _, _ in page],
                [method for _, method, _ in page],
                *_columns([measures for _, _, measures in page]),
            ),
        )
    await tx.exec_driver_sql(
        """
        UPDATE refit_runs SET state = 'publishing', bands = $2::text::float8[],
            band_scores = $3::text::int[]
        WHERE id = $1
        """,
        (run, literal(bands.quantiles), literal(bands.scores)),
    )


def _columns(measures: Sequence[Measures]) -> list[list[Any]]:
    return [[getattr(found, name) for found in measures] for name in _MEASURES]


async def backtests(tx: Tx, grouping: str | None) -> list[Any]:
    """What the latest run found of each group, in order."""
    rows = await tx.exec_driver_sql(
        """
        SELECT b.*, r.week, r.finished_at FROM backtests b JOIN refit_runs r ON r.id = b.run
        WHERE $1::text IS NULL OR grouping = $1 ORDER BY place
        """,
        (grouping,),
    )
    return list(rows.all())


async def models_of(tx: Tx, keys: Sequence[SeriesKey]) -> dict[SeriesKey, Any]:
    """By which model each series is published, and how good it was in trials."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM series_models
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        """,
        ([key.product for key in keys], [key.region for key in keys]),
    )
    return {SeriesKey(row.product, row.region): row for row in rows}


async def freeze_models(tx: Tx, version: int) -> None:
    """Keep with a version by which model each of its series was published."""
    await tx.exec_driver_sql(
        """
        INSERT INTO version_models SELECT v.version, m.* FROM version_series v
        JOIN series_models m USING (product, region) WHERE v.version = $1
        """,
        (version,),
    )


async def models_in(tx: Tx, version: int, keys: Sequence[SeriesKey]) -> dict[SeriesKey, Any]:
    """By which model series of a version were published; none for versions of before."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM version_models WHERE version = $1
            AND (product, region) IN (SELECT * FROM unnest($2::text[], $3::text[]))
        """,
        (version, [key.product for key in keys], [key.region for key in keys]),
    )
    return {SeriesKey(row.product, row.region): row for row in rows}
