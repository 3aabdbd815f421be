"""Why an item-site is planned: the causes of all that touched it, and of what is above it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from takt.common.event import MAX_CORRELATIONS, Cause
from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.plan import ItemSite, reach

Touched = Mapping[ItemSite, Collection[Cause]]
"""Item-sites whose inputs changed, each with why."""


def joined(causes: Iterable[Cause]) -> Cause:
    """Causes together: every event, the first correlations, and the count of the rest."""
    events: dict[UUID, None] = {}
    correlations: dict[UUID, None] = {}
    more = 0
    for cause in dict.fromkeys(causes):
        events.update(dict.fromkeys(cause.causes))
        correlations.update(dict.fromkeys(cause.correlations))
        more += cause.more
    known = tuple(correlations)
    return Cause(
        tuple(events),
        known[:MAX_CORRELATIONS],
        more + max(0, len(known) - MAX_CORRELATIONS),
    )


def passed_down(touched: Touched, bill: BillOfMaterial) -> dict[ItemSite, Cause]:
    """The cause of every item-site that is reached: what touched it or anything above it."""
    found: dict[ItemSite, list[Cause]] = defaultdict(list)
    for key in sorted(touched):
        for below in reach([key], bill):
            found[below] += touched[key]
    return {key: joined(causes) for key, causes in found.items()}
