"""Versions (F10): named, immutable sets of series and revisions, with prices and per-deal parts."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal

from takt.common.contracts.forecast import ForecastVersionPublished, FrozenDealPart, FrozenSeries
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.outbox import emit
from takt.common.problems import Conflict
from takt.forecast.domain.calendar import week_of
from takt.forecast.domain.pipeline import to_decimals
from takt.forecast.domain.series import move_to_week
from takt.forecast.service.level_intervals import freeze_sums
from takt.forecast.service.publish import buckets, in_zone
from takt.forecast.store import catalog, models, versions
from takt.forecast.store.versions import FrozenLine, FrozenRevision, Version

PART_BYTES = 400_000
"""Of a part of a version on the wire, about; a message may have 900 KB."""
BUCKET_BYTES, DEAL_PART_BYTES = 220, 260


class NothingToPublish(Conflict):
    """There is no forecast yet that a version could hold."""

    slug = "nothing-to-publish"


async def version_is_due(tx: Tx, now: datetime) -> bool:
    """Whether no version was published since the week began, in the company's time zone."""
    local = in_zone(now, await catalog.time_zone(tx))
    monday = datetime.combine(week_of(local.date()), time(), local.tzinfo)
    return not await versions.published_since(tx, monday)


async def publish_version(
    tx: Tx, *, name: str | None, published_by: str, now: datetime, cause: Cause
) -> Version:
    """Freeze every series at its present revision, and tell it in parts that suffice by themselves.

    Args:
        tx: the caller's transaction.
        name: for people; the ISO week when none is given.
        published_by: a person or the schedule.
        now: business time.
        cause: the request or schedule.

    Raises:
        NothingToPublish: no series has a forecast.
    """
    local = in_zone(now, await catalog.time_zone(tx))
    year, week, _ = local.isocalendar()
    version = await versions.freeze(
        tx, name=name or f"{year}-W{week:02}", published_by=published_by, now=now
    )
    if version is None:
        raise NothingToPublish(
            "no series has a forecast", remedy="load sales or open deals first, then publish"
        )
    await models.freeze_models(tx, version.version)
    revisions, lines = await versions.content(tx, version.version)
    await freeze_sums(tx, version.version, revisions)
    parts = list(_parts([_frozen(revision, lines) for revision in revisions]))
    events = [
        ForecastVersionPublished(
            sequence=number,
            version=version.version,
            name=version.name,
            as_of=version.as_of,
            published_by=version.published_by,
            part=number,
            parts=len(parts),
            series=tuple(part),
        )
        for number, part in enumerate(parts, start=1)
    ]
    await emit(tx, *((event, cause) for event in events))
    return version


def _frozen(
    revision: FrozenRevision, lines: dict[tuple[str, str], list[FrozenLine]]
) -> FrozenSeries:
    return FrozenSeries(
        product=revision.product,
        region=revision.region,
        unit=revision.unit,
        revision=revision.revision,
        price=revision.price,
        buckets=buckets(revision.first_week, revision.baseline, revision.pipeline, revision.bands),
        deals=tuple(
            part
            for line in lines.get((revision.product, revision.region), ())
            for part in _deal_parts(line, revision)
        ),
    )


def _deal_parts(line: FrozenLine, revision: FrozenRevision) -> Iterator[FrozenDealPart]:
    expected = move_to_week(line.expected, line.first_week, revision.first_week)
    for week, quantity in enumerate(to_decimals(expected)):
        if quantity > Decimal(0):
            yield FrozenDealPart.model_construct(
                deal_id=line.deal_id,
                line_id=line.line_id,
                week=revision.first_week + timedelta(weeks=week),
                quantity=quantity,
                full_quantity=line.quantity,
                probability=line.probability,
                price=line.price,
            )


def _parts(series: Sequence[FrozenSeries]) -> Iterator[list[FrozenSeries]]:
    part: list[FrozenSeries] = []
    size = 0
    for one in series:
        bytes_of_it = len(one.buckets) * BUCKET_BYTES + len(one.deals) * DEAL_PART_BYTES
        if part and size + bytes_of_it > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(one)
        size += bytes_of_it
    yield part
