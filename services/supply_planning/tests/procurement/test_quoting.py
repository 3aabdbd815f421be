from datetime import date, timedelta
from decimal import Decimal

import pytest

from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime, WorkingCalendar, earliest_due
from takt.supply_planning.domain.lots import LotPolicy, PriceBreak
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, late_arrival
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.sourcing import WHOLE, SourcingRule
from takt.supply_planning.service.inventory import new_order_on, unit_cost
from takt.supply_planning.service.quoting import Free, Wish
from takt.supply_planning.store.promises import OrderLine

PUMP = ItemSite("pump", "plant")
CLOSED = date(2026, 12, 21)
DAYS = WorkingCalendar(
    "days",
    (480, 480, 480, 480, 480, 0, 0),
    {CLOSED + timedelta(days=day): 0 for day in range(14)},
)
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("today", "lead", "expected"),
    [
        (MONDAY, 1, date(2026, 11, 24)),
        (date(2027, 1, 4), 1, date(2027, 1, 5)),
        (date(2027, 1, 4), 5, date(2027, 1, 9)),
        (date(2026, 12, 14), 3, date(2026, 12, 17)),
    ],
)
def test_what_is_ordered_today_is_there_after_its_working_days_and_no_later(
    today: date, lead: int, expected: date
) -> None:
    policy = PlanningPolicy("buy", lead=LeadTime(lead), work=DAYS)
    network = Network(1, BillOfMaterial(()), {PUMP: policy}, {}, {})
    rule = SourcingRule("pump", "north", MONDAY, {"plant": WHOLE})
    wish = Wish("pump", "north", Decimal(1), None, OrderLine(source="erp", order_line="1"))
    assert Free(network, today, {}, {}).take(wish, rule).orderable_on == expected
    assert earliest_due(today, policy.lead, ONE, DAYS) == expected


@pytest.mark.parametrize(
    "lot",
    [
        LotPolicy("fixed", quantity=1000 * ONE),
        LotPolicy("economic", quantity=1000 * ONE),
        LotPolicy(multiple=1000 * ONE),
        LotPolicy(minimum=1000 * ONE),
    ],
)
def test_the_smallest_order_says_what_a_unit_costs_and_how_long_it_takes(lot: LotPolicy) -> None:
    prices = (PriceBreak(0, Decimal(10)), PriceBreak(1000 * ONE, Decimal(8)))
    lead = LeadTime(minutes_per_unit=10)
    policy = PlanningPolicy("make", lot=lot, lead=lead, work=DAYS, prices=prices)
    assert unit_cost(policy) == 8
    arrives = late_arrival(MONDAY, 1000 * ONE, policy, Horizon(MONDAY))
    assert new_order_on(policy, Horizon(MONDAY)) == arrives
