from datetime import date

import numpy as np
from hypothesis import given, settings

from takt.supply_planning.domain.grid.messages import (
    KINDS,
    NO_DAY,
    REASONS,
    Messages,
    OpenOrders,
    about_planned,
    advise_all,
    wanted,
)
from takt.supply_planning.domain.grid.netting import GridPlan, plan_grid
from takt.supply_planning.domain.grid.nouns import grid_of
from takt.supply_planning.domain.messages import advise
from takt.supply_planning.domain.netting import Supply, late_arrival
from takt.supply_planning.domain.plan import ItemSite, Position, replan

from .models import HORIZON, Company, companies


def open_orders(
    company: Company, plan: GridPlan
) -> tuple[list[tuple[ItemSite, Supply]], OpenOrders]:
    keys = list(company.policies)
    found = sorted(
        (
            (key, supply)
            for key in keys
            for supply in company.positions.get(key, Position()).supplies
            if HORIZON.bucket(supply.due) is not None
        ),
        key=lambda pair: str(pair[1].order_id),
    )
    return found, OpenOrders(
        row=plan.grid.place[np.array([keys.index(key) for key, _ in found], np.int64)],
        due=np.array([supply.due.toordinal() for _, supply in found], np.int64),
        bucket=np.array([HORIZON.bucket(supply.due) for _, supply in found], np.int64),
        quantity=np.array([supply.quantity for _, supply in found], np.float64),
        firm=np.array([supply.kind == "firm" for _, supply in found], np.bool_),
        release=np.array(
            [supply.release.toordinal() if supply.release else NO_DAY for _, supply in found],
            np.int64,
        ),
    )


def in_words(messages: Messages, place: int) -> tuple[object, ...]:
    def day(ordinal: np.int64) -> date | None:
        return date.fromordinal(int(ordinal)) if ordinal != NO_DAY else None

    def quantity(value: np.float64) -> int | None:
        return None if np.isnan(value) else int(value)

    return (
        KINDS[messages.kind[place]],
        REASONS[messages.reason[place]],
        day(messages.from_day[place]),
        day(messages.to_day[place]),
        quantity(messages.from_quantity[place]),
        quantity(messages.to_quantity[place]),
    )


@settings(max_examples=40)
@given(companies())
def test_open_orders_are_advised_on_together_as_one_by_one(company: Company) -> None:
    plan = plan_grid(grid_of(company.bill, company.policies, company.positions, HORIZON))
    found, orders = open_orders(company, plan)
    asked = wanted(plan, orders)
    messages = advise_all(plan, orders, asked, HORIZON.today)
    said = {
        (found[int(order)][1].order_id, *in_words(messages, place))
        for place, order in enumerate(messages.order)
    }
    planned = plan.orders()
    about = about_planned(plan, planned, asked, HORIZON.today)
    late = {
        (int(planned.row[order]), int(planned.bucket[order]))
        for place, order in enumerate(about.order)
        if in_words(about, place)[1] == "lead_time_too_short"
    }
    exact = replan(company.policies, company.bill, company.policies, company.positions, {}, HORIZON)
    expected, too_late = set(), set()
    for number, (key, one) in enumerate((key, exact[key]) for key in company.policies):
        policy = company.policies[key]
        supplies = company.positions.get(key, Position()).supplies
        advice = advise(one.netting.needs, one.netting.orders, supplies, {}, policy, HORIZON)
        expected |= {
            (m.order_id, m.kind, m.reason, m.from_date, m.to_date, m.from_quantity, m.to_quantity)
            for m in advice.messages
        }
        too_late |= {
            (number, order.bucket)
            for order in one.netting.orders
            if order.bucket not in advice.grown
            and late_arrival(order.due, order.quantity, policy, HORIZON)
        }
    assert said == expected
    assert len(messages.order) == len(expected) == sum(messages.by_kind().values())
    assert late == too_late
