import json
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.change import PlanInputs, Planned
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply, net
from takt.supply_planning.domain.plan import MadeOf, Position
from takt.supply_planning.store.plan_rows import inputs_from, inputs_row

WEDNESDAY = date(2026, 11, 25)


def day(number: int) -> date:
    return WEDNESDAY + timedelta(days=number)


def test_what_a_plan_was_made_of_is_read_as_it_was() -> None:
    horizon = Horizon(WEDNESDAY, 6)
    supplies = (
        Supply(UUID(int=1), "firm", day(2), 50, day(-7)),
        Supply(UUID(int=2), "scheduled", day(20), 90),
    )
    policy = PlanningPolicy(
        "make",
        safety_stock=5,
        lot=LotPolicy(multiple=8, maximum=64),
        lead=LeadTime(3, 2, 1),
        fence_days=4,
        yield_share=Decimal("0.9"),
    )
    position = Position(10, supplies, ((day(-3), 30), (day(9), 120)))
    demand = horizon.spread(position.demand)
    netting = net(demand, position.on_hand, supplies, policy, horizon)
    row = json.loads(json.dumps(inputs_row(MadeOf(position, policy, horizon), netting)))
    assert inputs_from(row) == PlanInputs(
        WEDNESDAY, 10, tuple(demand), supplies, policy, Planned.of(netting, horizon)
    )
    assert any(netting.planned)
