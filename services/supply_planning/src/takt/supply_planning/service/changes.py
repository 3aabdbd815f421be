"""Why a plan differs from an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from takt.common.db import Tx
from takt.supply_planning.domain.change import Change, explain
from takt.supply_planning.domain.pegging import above
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.service.problems import PlanNotKept
from takt.supply_planning.store.network import current_network
from takt.supply_planning.store.plan_states import list_states, read_past


@dataclass(frozen=True, slots=True)
class Explained:
    """Two plans and why they differ; the sequences and times of all that are kept."""

    kept: Sequence[tuple[int, datetime]]
    before: int
    after: int
    changes: Sequence[Change]


async def explain_plan(tx: Tx, key: ItemSite, since: int | None, until: int | None) -> Explained:
    """Why plan `until`, the newest when None, differs from `since`, the one before it when None.

    Raises: PlanNotKept: one of them was never made, or is too long ago.
    """
    states = {row["sequence"]: row for row in await list_states(tx, key)}
    if until is None:
        until = max(states, default=None)
    if since is None:
        since = max((one for one in states if until is not None and one < until), default=None)
    for name, wanted in (("until", until), ("since", since)):
        if wanted not in states:
            raise PlanNotKept(
                f"plan {wanted} of {key.item} at {key.site} is not kept"
                if wanted is not None
                else f"{key.item} at {key.site} has no two plans that are kept",
                field=name,
                value=wanted,
                remedy=f"kept are {', '.join(map(str, sorted(states))) or 'none'}",
            )
    assert since is not None, "it was found"
    assert until is not None, "it was found"
    network = await current_network(tx)
    keys = above([key], network.bill)
    before = await read_past(tx, keys, network, states[since]["written_at"])
    after = await read_past(tx, keys, network, states[until]["written_at"])
    kept = [(sequence, row["as_of"]) for sequence, row in states.items()]
    return Explained(kept, since, until, explain(key, before, after, network.bill))
