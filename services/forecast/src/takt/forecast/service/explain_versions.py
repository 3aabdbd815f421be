"""Explanation (F17): why two versions differ, at any level, in numbers and in a sentence."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from takt.common.amounts import MICRO, micro
from takt.common.db import Tx
from takt.common.problems import Problem
from takt.forecast.domain import explanation
from takt.forecast.domain.deal_changes import DealThen, OrderChange, deal_change
from takt.forecast.domain.explanation import Axis, Difference, Millionths, Part
from takt.forecast.domain.explanation_words import Language, Reason, Said, sentence
from takt.forecast.domain.hierarchy import ancestry, round_to_sum
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.pipeline import to_decimals
from takt.forecast.domain.signal_parts import signal_change
from takt.forecast.schemas import (
    ExplainedDeal,
    ExplainedOrder,
    ExplainedPart,
    ExplainedSum,
    ExplainedWeek,
    VersionHead,
    WeekChange,
)
from takt.forecast.schemas_signals import ExplainedSignal
from takt.forecast.service.sum_forecasts import Level, product_node
from takt.forecast.store import catalog, explanations
from takt.forecast.store.explanations import Held, Scope

Node = tuple[str | None, str | None]

MOST_SUMS = 2_000
"""Told in one answer: four seconds of work and 22 MB."""


class TooManySums(Problem):
    """The explanation would have too many sums."""

    status, slug = 422, "too-many-sums"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two versions of a scope: `version` is told as a difference from `against`.

    `before` is what the earlier of the two holds, whichever it is.
    """

    version: VersionHead
    against: VersionHead
    before: Held
    after: Held
    asked: frozenset[UUID]
    """Deals with lines in the earlier version."""
    asks: frozenset[UUID]
    """Deals with lines in the later."""
    deals_before: Mapping[UUID, DealThen]
    deals_after: Mapping[UUID, DealThen]

    @property
    def backwards(self) -> bool:
        """Whether the earlier version is told as a difference from the later."""
        return self.version.version < self.against.version


async def explain_versions(
    tx: Tx,
    version: VersionHead,
    against: VersionHead,
    *,
    scope: Scope,
    level: Level,
    by_region: bool,
    language: Language,
) -> list[ExplainedSum]:
    """The difference of two versions, `version` minus `against`, at each node of a level.

    It is explained from the earlier to the later one; where `version` is the earlier, all numbers
    change their sign and what happened stays what happened.

    Args:
        tx: a transaction.
        version: the head of a version.
        against: the head of the one that it is compared with.
        scope: which series.
        level: into what products are summed.
        by_region: whether each region is told apart, with all that lies in it.
        language: of the sentences.

    Raises:
        TooManySums: more than 2,000 nodes are left.
    """
    earlier, later = sorted((version, against), key=lambda head: head.version)
    before = await explanations.held(tx, earlier.version, scope)
    after = await explanations.held(tx, later.version, scope)
    asked, asks = before.deal_ids(), after.deal_ids()
    pair = _Pair(
        version,
        against,
        before,
        after,
        asked,
        asks,
        await explanations.deals_then(tx, earlier.version, asked | asks),
        await explanations.deals_then(tx, later.version, asked | asks),
    )
    families = await catalog.families_of_products(tx)
    parents = await catalog.parents_of_regions(tx) if by_region else None
    nodes = _nodes(sorted({*before.series, *after.series}), level, families, parents)
    if len(nodes) > MOST_SUMS:
        raise TooManySums(
            f"{len(nodes):,} sums; at most {MOST_SUMS:,} are told at once",
            field="level",
            value=level,
            remedy="name a product, family or region, or sum at a coarser level",
        )
    return await asyncio.to_thread(_told, pair, nodes, level, language)


def _nodes(
    keys: Sequence[SeriesKey],
    level: Level,
    families: Mapping[str, str | None],
    parents: Mapping[str, str | None] | None,
) -> dict[Node, list[SeriesKey]]:
    """The series of each node of product level and region."""
    found: dict[Node, list[SeriesKey]] = {}
    for key in keys:
        product = product_node(key.product, level, families)
        for region in [None] if parents is None else ancestry(key.region, parents):
            found.setdefault((product, region), []).append(key)
    return dict(sorted(found.items(), key=lambda item: tuple(code or "" for code in item[0])))


def _told(
    pair: _Pair, nodes: Mapping[Node, Sequence[SeriesKey]], level: Level, language: Language
) -> list[ExplainedSum]:
    before, after = pair.before.series, pair.after.series
    axis = Axis.over([*before.values(), *after.values()])
    parts = explanation.explain(before, after, axis)
    told = []
    for (product, region), keys in nodes.items():
        found = explanation.total(keys, before, after, parts, axis)
        said = _parts(pair, found, axis)
        if pair.backwards:
            found = -found
        unit = _unit(pair, keys)
        told.append(
            ExplainedSum(
                level=level,
                product=product,
                region=region,
                series=len(keys),
                unit=unit,
                before=_units(found.before),
                after=_units(found.after),
                difference=_units(found.quantities),
                percent=_percent(found.quantities, found.before),
                value_before=micro(_money(found.value_before)),
                value_difference=sum((part.value for part in said), Decimal(0)),
                sentence=_sentence(pair, found, said, unit, language),
                weeks=_weeks(found, axis),
                parts=said,
            )
        )
    return told


def _parts(pair: _Pair, found: Difference, axis: Axis) -> list[ExplainedPart]:
    """The parts of a difference that was found forwards, signed as it is told."""
    sign = -1 if pair.backwards else 1
    whole = found.after if pair.backwards else found.before
    values = round_to_sum([_money(sign * part.value) for part in found.parts], MICRO)
    return [
        ExplainedPart(
            kind=part.kind,
            deal=_deal(pair, part),
            order=_order(pair, part),
            signal=_signal(pair, part),
            quantity=_units(sign * part.quantities),
            percent=_percent(sign * part.quantities, whole),
            value=value,
            weeks=[
                WeekChange(week=axis.first_week + timedelta(weeks=week), quantity=quantity)
                for week, quantity in enumerate(to_decimals(sign * part.quantities))
                if quantity
            ],
        )
        for part, value in zip(found.parts, values, strict=True)
    ]


def _deal(pair: _Pair, part: Part) -> ExplainedDeal | None:
    deal_id = part.subject
    if part.kind != "deal" or deal_id is None:
        return None
    before, after = pair.deals_before.get(deal_id), pair.deals_after.get(deal_id)
    latest = after or before
    return ExplainedDeal(
        deal_id=deal_id,
        name=latest.name if latest else None,
        change=deal_change(
            before,
            after,
            asked=deal_id in pair.asked,
            asks=deal_id in pair.asks,
            units=int(part.quantities.sum()),
        ),
        stage_before=before.stage if before else None,
        stage_after=after.stage if after else None,
    )


def _order(pair: _Pair, part: Part) -> ExplainedOrder | None:
    sale_id = part.subject
    if part.kind != "order" or sale_id is None:
        return None
    before, after = pair.before.orders.get(sale_id), pair.after.orders.get(sale_id)
    change: OrderChange = "arrived" if before is None else "changed" if after else "withdrawn"
    source, order_line = after or before or ("", "")
    return ExplainedOrder(sale_id=sale_id, source=source, order_line=order_line, change=change)


def _signal(pair: _Pair, part: Part) -> ExplainedSignal | None:
    signal_id = part.subject
    if part.kind != "signal" or signal_id is None:
        return None
    before, after = pair.before.signals.get(signal_id), pair.after.signals.get(signal_id)
    latest = after or before
    if latest is None:
        return None
    return ExplainedSignal(
        signal_id=signal_id,
        kind=latest.kind,
        source=latest.source,
        external_id=latest.external_id,
        change=signal_change(before, after),
    )


def _sentence(
    pair: _Pair,
    found: Difference,
    parts: Sequence[ExplainedPart],
    unit: str | None,
    language: Language,
) -> str:
    said = Said(
        pair.against.version,
        pair.against.name,
        unit,
        int(found.before.sum()),
        int(found.after.sum()),
    )
    return sentence(said, [_reason(part) for part in parts], language)


def _reason(part: ExplainedPart) -> Reason:
    units = int(part.quantity.scaleb(6))
    if part.deal is not None:
        deal = part.deal
        name = deal.name or str(deal.deal_id)
        return Reason(part.kind, units, name, deal.change, deal.stage_after or "")
    if part.order is not None:
        order = part.order
        return Reason(part.kind, units, f"{order.source} {order.order_line}", order.change)
    if part.signal is not None:
        signal = part.signal
        name = f"{signal.source} {signal.external_id}"
        return Reason(part.kind, units, name, signal.change, signal=signal.kind)
    return Reason(part.kind, units)


def _weeks(found: Difference, axis: Axis) -> list[ExplainedWeek]:
    return [
        ExplainedWeek(
            week=axis.first_week + timedelta(weeks=week),
            before=before,
            after=after,
            difference=after - before,
        )
        for week, (before, after) in enumerate(
            zip(to_decimals(found.before), to_decimals(found.after), strict=True)
        )
    ]


def _unit(pair: _Pair, keys: Sequence[SeriesKey]) -> str | None:
    held = (pair.before.units, pair.after.units)
    units = {units[key] for units in held for key in keys if key in units}
    return units.pop() if len(units) == 1 else None


def _units(quantities: Millionths) -> Decimal:
    return Decimal(int(quantities.sum())).scaleb(-6)


def _money(value: int) -> Decimal:
    return Decimal(value).scaleb(-12)


def _percent(quantities: Millionths, of: Millionths) -> Decimal | None:
    whole = int(of.sum())
    return micro(Decimal(100 * int(quantities.sum())) / whole) if whole else None
