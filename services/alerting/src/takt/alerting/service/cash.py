"""A shortfall of cash that finance projects is an alert until it has cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from takt.alerting.service import contracts
from takt.alerting.service.announce import announce
from takt.alerting.service.deliveries import queue
from takt.alerting.store import alerts, reference
from takt.alerting.tables import AlertRow
from takt.common.contracts.alerting import AlertRaised, AlertResolved
from takt.common.contracts.supply_planning import CashShortfall
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, Event, new_id


async def take_shortfalls(tx: Tx, events: Sequence[Envelope[CashShortfall]], now: datetime) -> None:
    """Raise or resolve the alert of each ledger; subscribers get the shortfall itself too."""
    await reference.lock(tx)
    await queue(tx, events)
    for envelope in sorted(events, key=lambda envelope: envelope.event.sequence):
        shortfall, cause = envelope.event, Cause.of(envelope)
        if not await alerts.take_shortfall(tx, shortfall.ledger, shortfall.sequence):
            continue
        scope = f"ledger={shortfall.ledger}"
        opened = await alerts.load_open(tx, "cash_shortfall", [scope])
        if shortfall.state == "open" and not opened:
            alert = _alert(shortfall, scope, now)
            event: Event = AlertRaised(sequence=1, alert=contracts.alert_state(alert))
        elif shortfall.state == "cleared" and opened:
            alert = replace(opened[0], resolved_at=now, sequence=opened[0].sequence + 1)
            event = AlertResolved(sequence=alert.sequence, alert=contracts.alert_state(alert))
        else:
            continue
        await alerts.save_alerts(tx, [alert])
        await announce(tx, (event, cause))


def _alert(shortfall: CashShortfall, scope: str, now: datetime) -> AlertRow:
    lowest = shortfall.lowest
    return AlertRow(
        alert_id=new_id(),
        kind="cash_shortfall",
        scope=scope,
        level=f"ledger:{shortfall.ledger}",
        product=None,
        family=None,
        region=None,
        week=lowest.week,
        rule="minimum_cash",
        direction="under",
        summary=(
            f"cash of {shortfall.ledger} falls to {lowest.balance:,.2f} {shortfall.currency} in the"
            f" week of {lowest.week}, below the minimum of {shortfall.minimum:,.2f}"
        ),
        raised_at=now,
        resolved_at=None,
        expected=shortfall.minimum,
        actual=lowest.balance,
        money=lowest.balance - shortfall.minimum,
        review_id=None,
        sequence=1,
    )
