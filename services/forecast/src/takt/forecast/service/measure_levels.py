"""Measuring of levels: what came against what was published, intervals of sums, reconciling."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from takt.common.db import Database, Tx
from takt.common.event import new_id
from takt.forecast.domain.adaptive import allowed_shares
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of, weeks_between
from takt.forecast.domain.history import SeriesKey, WeeklyHistory
from takt.forecast.domain.level_trials import Nodes, Tried, try_levels
from takt.forecast.domain.levels import Place, Scope, company, places_of, scopes_of, summed
from takt.forecast.domain.series import Floats
from takt.forecast.domain.two_speeds import COMBINATION, JUDGED, past_trials
from takt.forecast.service.publish import in_zone
from takt.forecast.service.workers import Workers
from takt.forecast.store import catalog, interval_outcomes, levels, models, runs

IN_A_WORKER = 50
"""Series from which on it is reckoned in a process of its own: in a thread of thousands it would be
felt, and the service would keep the memory of what it loads for it."""

WEEK = timedelta(weeks=1)
HORIZON = HORIZON_WEEKS * WEEK

Shifts = Mapping[SeriesKey, Floats]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What levels are measured on. Arrays in the order of the histories."""

    histories: Sequence[WeeklyHistory]
    families: Mapping[str, str | None]
    parents: Mapping[str, str | None]
    week: date
    bases: Floats
    judged: Mapping[int, Floats | None]
    champion: str
    chosen: str | None
    allowed: Mapping[Scope, Floats]


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured, and the sums of each scope with the unit of their scores."""

    tried: Tried
    places: Mapping[Scope, Sequence[tuple[Place, float]]]


async def compare_published(tx: Tx, now: datetime) -> None:
    """Count, for every week that is over, how much lay outside the intervals published for it."""
    zone = await catalog.time_zone(tx) or "UTC"
    current = week_of(in_zone(now, zone).date())
    last = await interval_outcomes.last_compared(tx)
    told = await interval_outcomes.first_of_each_week(tx, current - 2 * HORIZON, zone)
    if not told:
        return
    week = last + WEEK if last else max(told[0].first_week, current - HORIZON)
    families = await catalog.families_of_products(tx)
    parents = await catalog.parents_of_regions(tx)
    while week < current:
        for said in told:
            if week - HORIZON < said.first_week <= week:
                wanted = await interval_outcomes.wanted_in(tx, week, said)
                units = list(wanted.values())
                places = summed(list(wanted), families, parents)
                sums = {place: sum(units[i] for i in inside) for place, inside in places.items()}
                await interval_outcomes.compare(tx, week, said, wanted, sums)
        week += WEEK


async def measure_levels(
    database: Database, histories: Sequence[WeeklyHistory], now: datetime
) -> Shifts | None:
    """Measure intervals of sums, and decide whether sums are reconciled; keep both.

    Returns: by what series are to be shifted, those that are not there by nothing; None where there
    was nothing to measure.
    """
    if not histories:
        return None
    async with database.transaction() as tx:
        evidence = await _evidence(tx, histories, now)
    if len(histories) < IN_A_WORKER:
        found = await asyncio.to_thread(measured, evidence)
    else:
        async with Workers() as workers:
            found = await workers.run(measured, evidence)
    tried = found.tried
    async with database.transaction() as tx:
        choice = await levels.choice(tx)
        decided = ("kept", "test", "too few weeks for a test")
        if choice is not None and choice.method != "tested" and choice.method == tried.method:
            decided = ("chosen", choice.chosen_by, f"chosen by {choice.chosen_by}")
        elif tried.decision is not None:
            decided = (tried.decision.outcome, "test", tried.decision.reason)
        await levels.save_tried(tx, new_id(), tried, found.places, decided, now)
    if tried.shifts is None:
        return {}
    return {one.series: shift for one, shift in zip(histories, tried.shifts, strict=True)}


async def _evidence(tx: Tx, histories: Sequence[WeeklyHistory], now: datetime) -> Evidence:
    week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
    keys = [one.series for one in histories]
    bases = await levels.bases_of(tx, keys, week)
    origins = past_trials(week, JUDGED)
    said: dict[date, Floats | None] = dict.fromkeys(origins)
    if await models.champion(tx) == COMBINATION:
        said |= await _trials(tx, keys, origins)
    choice = await levels.choice(tx)
    allowed = await allowed_by_scope(tx)
    return Evidence(
        histories,
        await catalog.families_of_products(tx),
        await catalog.parents_of_regions(tx),
        week,
        np.stack([bases[key] for key in keys]),
        {weeks_between(origin, week): ahead for origin, ahead in said.items()},
        await levels.champion(tx),
        None if choice is None or choice.method == "tested" else choice.method,
        allowed,
    )


async def allowed_by_scope(tx: Tx) -> dict[Scope, Floats]:
    """The shares of misses that are allowed, by scope."""
    found = await interval_outcomes.outcomes(tx)
    return {scope: allowed_shares(came, HORIZON_WEEKS) for scope, came in found.items()}


async def _trials(
    tx: Tx, keys: Sequence[SeriesKey], origins: Sequence[date]
) -> dict[date, Floats | None]:
    """What the combination said in its trials, shape (series, horizon), NaN where nothing."""
    place = {key: number for number, key in enumerate(keys)}
    found = {origin: np.full((len(keys), HORIZON_WEEKS), np.nan) for origin in origins}
    for row in await runs.trials_of(tx, keys, origins):
        found[row.origin][place[SeriesKey(row.product, row.region)]] = row.combination
    return dict(found)


def measured(evidence: Evidence) -> Found:
    """Roll all levels and measure them. Pure, and long for large companies."""
    keys = [one.series for one in evidence.histories]
    tree = company(keys, evidence.families, evidence.parents)
    scopes = scopes_of(tree, evidence.parents)
    longest = max(len(one.quantities) for one in evidence.histories)
    series = np.zeros((len(keys), longest))
    for row, one in zip(series, evidence.histories, strict=True):
        row[longest - len(one.quantities) :] = one.quantities
    tried = try_levels(
        Nodes.of(tree, scopes, series),
        evidence.judged,
        evidence.bases,
        evidence.champion,
        evidence.chosen,
        evidence.allowed,
    )
    places: dict[Scope, list[tuple[Place, float]]] = {}
    for place, node in places_of(tree).items():
        places.setdefault(scopes[node], []).append((place, float(tried.scales[node])))
    return Found(tried, places)
