from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from takt.common.contracts.supply_planning import PlanChanged
from takt.supply_planning.domain.lots import worth
from takt.supply_planning.domain.messages import Message
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, net
from takt.supply_planning.domain.plan import ItemSite, MadeOf, Position, gist
from takt.supply_planning.service.telling import buckets_of, message_of, plan_event
from takt.supply_planning.store.planning import NewPlan


def test_a_plan_is_told_as_its_contract_has_it(now: datetime) -> None:
    monday = date(2026, 11, 23)
    gross = [1_500_000, 0, 2_000_001, *[0] * 23]
    policy, horizon = PlanningPolicy("buy", safety_stock=7), Horizon(monday)
    netting = net(gross, -250_000, [], policy, horizon)
    made_of = MadeOf(Position(-250_000), policy, horizon)
    message = Message(
        UUID(int=5),
        "defer",
        "needed_later",
        monday,
        monday + timedelta(days=7),
        amount=worth(10**18 - 1, Decimal("999999999999.999999")),
    )
    plan = NewPlan(
        4, "unchanged", "lot", netting, gist(netting, monday), (), (message,), {}, made_of
    )
    told = plan_event(ItemSite("frame", "plant"), plan, 7, now)
    read = PlanChanged.model_validate_json(told.model_dump_json())
    assert (told.subject, read.subject) == ("frame|plant", "frame|plant")
    assert (read.sequence, read.outcome, read.because, read.as_of) == (4, "unchanged", "lot", now)
    assert read.buckets == buckets_of(netting)
    assert read.messages == (message_of(message),)
    assert str(read.on_hand) == "-0.25"
    assert str(read.messages[0].amount) == "999999999999999998000000"
