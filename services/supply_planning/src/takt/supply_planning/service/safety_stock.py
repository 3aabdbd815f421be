"""Propose safety stock by what is known at the moment; a planner takes it over."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.problems import NotFound
from takt.supply_planning.domain.calendar import release_date
from takt.supply_planning.domain.lots import smallest_order
from takt.supply_planning.domain.netting import PlanningPolicy
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.safety_stock import (
    EDGE,
    Known,
    Method,
    Sizing,
    Target,
    rounded,
    size,
)
from takt.supply_planning.domain.sourcing import WHOLE, rule_on
from takt.supply_planning.service.define import define_safety_stock
from takt.supply_planning.store.network import begin_change, current_network
from takt.supply_planning.store.safety_stock import Told, read_sized, read_told

DAYS = 7


@dataclass(frozen=True, slots=True)
class Proposal:
    """A safety stock and what it follows from; `current` is what stands.

    Args:
        lead_weeks: to begin with an order today, with the working days of its calendar.
        review_weeks: from one order to the next.
        weekly_demand: as planned.
        shares: of each series, what the site serves of it.
    """

    key: ItemSite
    current: Decimal
    proposed: Decimal
    target: Target
    sizing: Sizing
    method: Method
    lead_weeks: int
    review_weeks: int
    weekly_demand: float
    lead_deviation: float
    shares: Mapping[Series, float]


async def propose(
    tx: Tx,
    now: datetime,
    *,
    item: str | None = None,
    site: str | None = None,
    after: Sequence[str] | None = None,
    limit: int,
) -> list[Proposal]:
    """Proposals by item and site. Four statements, however many."""
    rows = await read_sized(tx, item=item, site=site, after=after, limit=limit)
    network = await current_network(tx)  # after the rows: all that they name is in it
    keys = [ItemSite(row["item"], row["site"]) for row in rows]
    series = {one for key in keys for one in network.served_by.get(key, ())}
    told = await read_told(tx, series, network.horizon(now).first_week)
    return [_proposal(key, row, network, told, now) for key, row in zip(keys, rows, strict=True)]


async def accept(tx: Tx, key: ItemSite, now: datetime, cause: Cause) -> Proposal:
    """Take over what is proposed now, and plan by it.

    Raises: NotFound: the item is not stocked at the site.
    """
    await begin_change(tx)
    found = await propose(tx, now, item=key.item, site=key.site, limit=1)
    if not found:
        raise NotFound(
            f"{key.item} is not stocked at {key.site}",
            field="item",
            value=key.item,
            remedy="write the item with this site by PUT /v1/items; a phantom has no stock",
        )
    await define_safety_stock(tx, key, found[0].proposed, now, cause)
    return found[0]


def _proposal(
    key: ItemSite, row: RowMapping, network: Network, told: Mapping[Series, Told], now: datetime
) -> Proposal:
    policy = network.policies[key]
    shares = _shares(key, network, now)
    known = Known(
        [
            [margin / ONE / EDGE * share for margin in margins]
            for one, share in shares
            if (margins := told[one].margins) is not None
        ],
        _sold([(told[one].sold, share) for one, share in shares], network, now),
        [units / ONE for units in row["weeks"]],
        row["deviation"] or 0.0,
    )
    lead, review = _lead_weeks(policy, network, now), _review_weeks(policy)
    method, deviation = known.deviation(lead + review)
    demand = sum(known.planned) / max(len(known.planned), 1)
    lot = smallest_order(policy.lot) / ONE
    target = Target(_float(row["service_level"]), _float(row["fill_rate"]))
    sizing = size(target, deviation, max(demand * review, lot))
    return Proposal(
        key,
        row["safety_stock"],
        rounded(sizing.quantity, row["unit"]),
        target,
        sizing,
        method,
        lead,
        review,
        demand,
        known.lead_deviation,
        dict(shares),
    )


def _shares(key: ItemSite, network: Network, now: datetime) -> list[tuple[Series, float]]:
    found = []
    for series in sorted(network.served_by.get(key, ())):
        rule = rule_on(network.today(now), network.sourcing[series])
        if rule and (share := rule.shares.get(key.site)):
            found.append((series, share / WHOLE))
    return found


def _sold(
    parts: Sequence[tuple[Mapping[date, int], float]], network: Network, now: datetime
) -> list[float]:
    """Units of each week from the first with any to the last whole one."""
    weeks: dict[date, float] = defaultdict(float)
    for sold, share in parts:
        for week, units in sold.items():
            weeks[week] += units * share / ONE
    if not weeks:
        return []
    first, this = min(weeks), network.horizon(now).first_week
    return [weeks[first + timedelta(weeks=n)] for n in range((this - first).days // DAYS)]


def _lead_weeks(policy: PlanningPolicy, network: Network, now: datetime) -> int:
    today = network.today(now)
    begins = release_date(today, policy.lead, policy.to_start(ONE), policy.work)
    return -(-(today - begins).days // DAYS)


def _review_weeks(policy: PlanningPolicy) -> int:
    return policy.lot.periods if policy.lot.rule == "period" else 1


def _float(share: Decimal | None) -> float | None:
    return None if share is None else float(share)
