"""Responses to a competitor's promotion (F8): proposed with their money, and never done here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from math import exp
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.amounts import micro
from takt.common.db import Tx
from takt.common.problems import Conflict
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of, weeks_between
from takt.forecast.domain.elasticities import Effects
from takt.forecast.domain.explanation_words import Language
from takt.forecast.domain.joining import MILLION
from takt.forecast.domain.response_words import WORDS, reason
from takt.forecast.domain.responses import (
    Between,
    Elasticity,
    Option,
    Situation,
    elasticity_of,
    propose,
)
from takt.forecast.domain.signals import Dated, lasts_into, learned, week_shares
from takt.forecast.schemas_signals import (
    EffectOut,
    ElasticityOut,
    Range95,
    ResponseOption,
    SeriesResponses,
    SignalResponses,
)
from takt.forecast.service.publish import in_zone
from takt.forecast.service.record_signals import NoSignal
from takt.forecast.store import catalog
from takt.forecast.store import signals as store
from takt.forecast.store.responses import touched_series


class NotACompetitor(Conflict):
    """Responses are proposed to what a competitor does."""

    slug = "not-a-competitor"


async def propose_responses(
    tx: Tx,
    signal_id: UUID,
    *,
    language: Language,
    now: datetime,
    after: tuple[str, str] | None,
    limit: int,
) -> SignalResponses:
    """What may be done in each series that a competitor's signal moves.

    Args:
        tx: a transaction.
        signal_id: of a competitor.
        language: of the reasons.
        now: business time; days before it count no more.
        after: product and region after which to begin.
        limit: at most so many series.

    Raises: NoSignal; NotACompetitor.
    """
    signal = await store.get_signal(tx, signal_id)
    if signal is None:
        raise NoSignal(field="signal_id", value=str(signal_id), remedy="GET /v1/signals lists them")
    if signal.state.kind != "competitor":
        raise NotACompetitor(
            f"the signal is of the kind {signal.state.kind}",
            field="kind",
            value=signal.state.kind,
            remedy="ask for a signal of the kind competitor",
        )
    today = in_zone(now, await catalog.time_zone(tx)).date()
    begins, ends = max(signal.state.begins, today), signal.state.ends
    rows = [] if signal.withdrawn else await touched_series(tx, signal_id, after, limit)
    note = "withdrawn" if signal.withdrawn else "over" if ends < today else "range"
    if note == "range" and not rows and after is None:
        soon = lasts_into(signal.state, week_of(today), HORIZON_WEEKS)
        note = "unknown" if soon else "later"
    elasticities = await _elasticities(tx, rows, week_of(today))
    return SignalResponses(
        items=[_series(row, signal.state, today, elasticities, language) for row in rows],
        signal_id=signal_id,
        language=language,
        begins=begins if begins <= ends else None,
        ends=ends if begins <= ends else None,
        note=WORDS[language][note],
    )


async def _elasticities(tx: Tx, rows: Sequence[Any], week: date) -> dict[str, Elasticity | None]:
    """Of each product its own elasticity, else that of its family's products together."""
    families = {row.product: row.family for row in rows}
    own = await _effects(tx, {product: [product] for product in families}, week)
    found = {product: elasticity_of(own[product], product, pooled=False) for product in families}
    asked = {families[product] for product, value in found.items() if value is None} - {None}
    members: dict[str, list[str]] = {family: [] for family in sorted(asked)}
    for product, family in (await catalog.families_of_products(tx)).items() if asked else ():
        if family in members:
            members[family].append(product)
    pools = await _effects(tx, members, week)
    return {
        product: value or elasticity_of(pools.get(family), family or "", pooled=True)
        for (product, family), value in zip(families.items(), found.values(), strict=True)
    }


async def _effects(
    tx: Tx, groups: Mapping[str, Sequence[str]], week: date
) -> dict[str, Effects | None]:
    """What prices did to the demand of each group of products."""
    products = sorted({product for group in groups.values() for product in group})
    if not products:
        return {}
    paid = await store.paid_weeks(tx, products, week)
    signals = await store.signals_by_series(tx, list(paid)) if paid else {}
    return {
        name: await asyncio.to_thread(
            learned, [row for product in group for row in paid.get(product, ())], signals
        )
        for name, group in groups.items()
    }


def _series(
    row: Any,
    signal: Dated,
    today: date,
    elasticities: Mapping[str, Elasticity | None],
    language: Language,
) -> SeriesResponses:
    highest = row.list_price if row.list_price and row.list_price > 0 else None
    lowest = None if highest is None or row.cost is None else min(row.cost, highest)
    elasticity = elasticities[row.product]
    here = Situation(
        units=_units(row, signal, today),
        log_factor=row.log_factor,
        error=row.error,
        price=float(row.price),
        lowest=None if lowest is None else float(lowest),
        highest=None if highest is None else float(highest),
        cost=None if row.cost is None else float(row.cost),
        elasticity=elasticity,
    )
    return SeriesResponses(
        product=row.product,
        region=row.region,
        unit=row.unit,
        price=row.price,
        lowest_price=lowest,
        highest_price=highest,
        cost=row.cost,
        effect=EffectOut.of(row),
        elasticity=None if elasticity is None else ElasticityOut(**asdict(elasticity)),
        lost_units=micro(here.lost),
        options=[_option(here, option, language) for option in propose(here)],
    )


def _units(row: Any, signal: Dated, today: date) -> float:
    """What is expected on the days of the signal from this week on, of orders outside deals.

    Of a week of which the share s is covered, s f / (1 + s (f - 1)) is expected on those days.
    """
    shares = week_shares(signal, row.first_week, HORIZON_WEEKS)
    shares[: max(weeks_between(row.first_week, today), 0)] = 0.0
    factor = exp(row.log_factor)
    on_these_days = shares * factor / (1 + shares * (factor - 1))
    return float(np.array(row.baseline, dtype=np.float64) @ on_these_days) / MILLION


def _option(here: Situation, option: Option, language: Language) -> ResponseOption:
    return ResponseOption(
        kind=option.kind,
        best=option.best,
        possible=option.possible,
        price=_amount(option.price),
        units=_range(option.units),
        revenue=_range(option.revenue),
        margin=_range(option.margin),
        gain=_range(option.gain),
        stock_units=_amount(option.stock_units),
        cash_freed=_amount(option.cash_freed),
        reason=reason(here, option, language),
    )


def _amount(value: float | None) -> Decimal | None:
    return None if value is None else micro(value)


def _range(found: Between | None) -> Range95 | None:
    if found is None:
        return None
    return Range95(expected=micro(found.expected), low=micro(found.low), high=micro(found.high))
