"""Procurement: what it is made of."""

from datetime import timedelta

from fastapi import FastAPI

from takt.common.app import Part
from takt.common.jobs import Schedule
from takt.common.migrations import migrations_of
from takt.supply_planning.api import (
    action_messages,
    available_to_promise,
    bills_of_material,
    calendars,
    capacity_loads,
    erp_publishing,
    forecast_consumption,
    inventory,
    items,
    kanban_loops,
    pegging,
    plans,
    purchase_orders,
    reservations,
    resources,
    routings,
    safety_stock_proposals,
    scheduled_receipts,
    sites,
    sourcing,
    stock,
    suppliers,
    transfer_proposals,
)
from takt.supply_planning.consumers import BEHIND_CONSUMER, PROCUREMENT_CONSUMER
from takt.supply_planning.service.promise_desk import PromiseDesk
from takt.supply_planning.service.replan_all import JOB, replan_all


async def open_desk(app: FastAPI) -> None:
    """Promises are made at one desk a process."""
    app.state.promise_desk = PromiseDesk(app.state.database)


PROCUREMENT = Part(
    name="procurement",
    title="procurement",
    schema="procurement",
    migrations=migrations_of(__file__) / "procurement",
    routers=(
        calendars.router,
        sites.router,
        suppliers.router,
        items.router,
        bills_of_material.router,
        resources.router,
        routings.router,
        capacity_loads.router,
        sourcing.router,
        stock.router,
        scheduled_receipts.router,
        plans.router,
        action_messages.router,
        purchase_orders.router,
        erp_publishing.router,
        forecast_consumption.router,
        available_to_promise.router,
        reservations.router,
        pegging.router,
        safety_stock_proposals.router,
        kanban_loops.router,
        inventory.router,
        transfer_proposals.router,
    ),
    consumers=(PROCUREMENT_CONSUMER, BEHIND_CONSUMER),
    jobs={JOB: replan_all},
    schedules=(Schedule(JOB, every=timedelta(hours=1)),),
    start=open_desk,
)
