from datetime import date
from decimal import Decimal

from takt.alerting.service.cash import take_shortfalls
from takt.common.contracts.alerting import AlertRaised, AlertResolved
from takt.common.contracts.supply_planning import CashShortfall, LowestBalance
from takt.common.testing import emitted

from ..scene import sealed  # noqa: TID252 - the builders of this folder


def shortfall(sequence, state):
    return sealed(
        CashShortfall(
            sequence=sequence,
            ledger="main",
            currency="EUR",
            as_of="2026-11-23T09:00:00Z",
            state=state,
            minimum=Decimal(1000),
            lowest=LowestBalance(week=date(2026, 12, 7), balance=Decimal(-250)),
        )
    )


async def test_a_shortfall_is_an_alert_until_it_clears(tx, now):
    await take_shortfalls(tx, [shortfall(1, "open"), shortfall(2, "open")], now)
    await take_shortfalls(tx, [shortfall(3, "cleared")], now)
    raised, resolved = [envelope.event for envelope in await emitted(tx)]
    assert isinstance(raised, AlertRaised)
    assert isinstance(resolved, AlertResolved)
    assert raised.alert.scope.kind == "cash_shortfall"
    assert raised.alert.rule == "minimum_cash"
    assert raised.alert.money == -1250
    assert resolved.alert.alert_id == raised.alert.alert_id
    assert resolved.sequence == 2


async def test_an_older_shortfall_that_comes_late_changes_nothing(tx, now):
    await take_shortfalls(tx, [shortfall(5, "cleared")], now)
    await take_shortfalls(tx, [shortfall(4, "open")], now)
    assert await emitted(tx) == []
