"""What stock does and what could be moved, by the plans as they stand.

All items are looked at together, in a thread: plans are made meanwhile.
"""

import asyncio
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.abc_xyz import Cuts
from takt.supply_planning.domain.calendar import WorkingCalendar, earliest_due
from takt.supply_planning.domain.inventory import Inventory, Stocked, take_stock
from takt.supply_planning.domain.lots import lots, smallest_order, unit_price
from takt.supply_planning.domain.netting import WEEK, Horizon, PlanningPolicy, due_dates
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.safety_stock import WHOLE_UNIT
from takt.supply_planning.domain.transfers import Place, Transfer, propose_transfers
from takt.supply_planning.store.balances import read_balances
from takt.supply_planning.store.by_network import read_by_network
from takt.supply_planning.store.inventory import read_stocked
from takt.supply_planning.store.network import current_network


async def look_at_inventory(tx: Tx, now: datetime, cuts: Cuts) -> list[Inventory]:
    """All stock by item and site. Two statements, however much."""
    rows = await read_stocked(tx)
    network = await current_network(tx)  # after the rows: all that they name is in it

    def look() -> list[Inventory]:
        known = ((row, network.policies.get(_key(row))) for row in rows)
        stocked = [_stocked(row, policy) for row, policy in known if policy is not None]
        return take_stock(stocked, network.today(now), cuts)

    return await asyncio.to_thread(look)


async def find_transfers(
    tx: Tx, now: datetime, *, lead_days: int, item: str | None = None
) -> list[Transfer]:
    """All moves between sites that are proposed now, in their order. Two statements."""
    rows = await read_stocked(tx, item=item, at_several_sites=True)
    keys = [_key(row) for row in rows]
    network, promisable = await read_by_network(
        tx, lambda network: read_balances(tx, keys, network, network.today(now))
    )

    def look() -> list[Transfer]:
        today = network.today(now)
        places = [
            _place(row, policy, today, promisable.balances[key])
            for row, key in zip(rows, keys, strict=True)
            if (policy := network.policies.get(key)) is not None
        ]
        return propose_transfers(places, today, lead_days)

    return await asyncio.to_thread(look)


def _key(row: RowMapping) -> ItemSite:
    return ItemSite(row["item"], row["site"])


def _stocked(row: RowMapping, policy: PlanningPolicy) -> Stocked:
    return Stocked(
        _key(row),
        row["first_week"],
        row["on_hand"],
        row["gross"],
        row["scheduled"],
        row["projected"],
        policy.safety_stock,
        unit_cost(policy),
    )


def unit_cost(policy: PlanningPolicy) -> Decimal | None:
    """What a unit costs in the smallest order; None where no cost is known.

    Stock is worth the same however much of it there is: no break above that counts.
    """
    return unit_price(smallest_order(policy.lot), policy.prices) if policy.prices else None


def _place(row: RowMapping, policy: PlanningPolicy, today: date, balance: Balance) -> Place:
    stocked = _stocked(row, policy)
    return Place(
        stocked,
        policy.source == "buy",
        _due(policy.receiving, Horizon(stocked.first_week, len(stocked.gross)), today),
        new_order_on(policy, Horizon(today)),
        balance,
        ONE if row["unit"] == WHOLE_UNIT else 1,
    )


@lru_cache(maxsize=1024)
def _due(receiving: WorkingCalendar, weeks: Horizon, today: date) -> tuple[date, ...]:
    return tuple(max(day, today) for day in due_dates(receiving, weeks))


def new_order_on(policy: PlanningPolicy, horizon: Horizon) -> date:
    """When the smallest order of today is there: after its lead time and the planning fence."""
    started = sum(lots(policy.to_start(ONE), policy.lot))
    done = earliest_due(horizon.today, policy.lead, started, policy.work)
    arrives = next(policy.receiving.working_days_from(done))
    return max(arrives, horizon.first_week + policy.fence(horizon) * WEEK)
