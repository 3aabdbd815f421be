"""Cash follows every fact: the weeks that a batch touches are summed anew and told once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from takt.common.contracts.deals import CompanyChanged
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, Event
from takt.common.outbox import emit
from takt.supply_planning.domain.cash import Contribution, add_weeks, difference, sum_weeks
from takt.supply_planning.domain.cash_facts import deals_left, learn, sources_of
from takt.supply_planning.domain.cash_ledger import (
    Ledger,
    Outlook,
    look_ahead,
    opened,
    opening_of,
    told,
)
from takt.supply_planning.domain.cash_shortfall import SourcedContribution, explain
from takt.supply_planning.domain.cash_sources import (
    SourceKey,
    SourceState,
    contributions_of,
    label_of,
)
from takt.supply_planning.service.cash_events import fact_of, projected, shortfall
from takt.supply_planning.store import finance

NAMED_CAUSES = 10


async def move_cash(tx: Tx, events: Sequence[Envelope[Any]], now: datetime) -> None:
    """Bring the ledger up to a batch of deals, demand, sales, orders and forecasts.

    One projection is told for the whole batch, naming all of it as its causes; none when no sum
    changed.
    """
    locked = await finance.lock_ledger(tx)
    ledger = opened(_learn_company(locked, events), now)
    facts = [fact for event in events if (fact := fact_of(event.event))]
    known, before = await finance.load_sources(tx, sources_of(facts))
    if left := deals_left(known):
        more, weeks_before = await finance.load_sources(tx, left)
        known |= more
        before |= weeks_before
    changed = learn(known, facts)
    opening = opening_of(ledger).on
    sources = {
        key: (state, sum_weeks(contributions_of(state, ledger.policy), opening))
        for key, state in changed.items()
    }
    if (ledger.policy, ledger.currency) != (locked.policy, locked.currency):
        await finance.save(tx, ledger, sources, {})
        await recompute_cash(tx, ledger, now, Cause.of(*events))
        return
    changes = add_weeks(
        *(difference(weeks, before.get(key, {})) for key, (_, weeks) in sources.items())
    )
    changes = {week: flow for week, flow in changes.items() if any(flow)}
    if not changes:
        await finance.save(tx, ledger, sources, {})
        return
    weeks = add_weeks(await finance.load_weeks(tx), changes)
    outlook = look_ahead(ledger, weeks, now)
    ledger = told(ledger, outlook)
    await finance.save(tx, ledger, sources, changes)
    await tell(tx, ledger, outlook, Cause.of(*events), now)


async def project_day(tx: Tx, now: datetime, cause: Cause) -> None:
    """Tell the projection of the company's day, unless something has moved it since midnight."""
    ledger = opened(await finance.lock_ledger(tx), now)
    if ledger.projected_on == ledger.policy.date_of(now):
        return
    outlook = look_ahead(ledger, await finance.load_weeks(tx), now)
    ledger = told(ledger, outlook)
    await finance.save(tx, ledger, {}, {})
    await tell(tx, ledger, outlook, cause, now)


async def recompute_cash(tx: Tx, ledger: Ledger, now: datetime, cause: Cause) -> None:
    """Sum every source anew, after a setting that all of them depend on has changed.

    Args:
        tx: holds the lock on the ledger.
        ledger: with its new settings.
        now: business time.
        cause: why.
    """
    ledger = opened(ledger, now)
    opening = opening_of(ledger).on
    sources = {
        key: (state, sum_weeks(contributions_of(state, ledger.policy), opening))
        for key, state in (await finance.load_all_sources(tx)).items()
    }
    weeks = add_weeks(*(flows for _, flows in sources.values()))
    outlook = look_ahead(ledger, weeks, now)
    ledger = told(ledger, outlook)
    await finance.clear_weeks(tx)
    await finance.save(tx, ledger, sources, weeks)
    await tell(tx, ledger, outlook, cause, now)


async def tell(tx: Tx, ledger: Ledger, outlook: Outlook, cause: Cause, now: datetime) -> None:
    """Emit the projection, and the shortfall with its reasons when it is news."""
    events: list[Event] = [projected(ledger, outlook, now)]
    if outlook.verdict != "unchanged":
        lowest = outlook.projection.lowest
        first = outlook.projection.weeks[0].week
        sources = await finance.load_sources_from(tx, first)
        explanation = explain(
            sourced_contributions(ledger, sources, outlook.fixed),
            first,
            lowest.week,
            opening_of(ledger).minimum - lowest.balance,
            NAMED_CAUSES,
        )
        parts = [(part.source, part.line) for part in explanation.causes]
        parts += [(part.source, part.line) for part in explanation.remedies]
        labels = labels_of(ledger, sources, parts)
        events.append(shortfall(ledger, outlook, explanation, labels, now))
    await emit(tx, *((event, cause) for event in events))


def sourced_contributions(
    ledger: Ledger, sources: Mapping[SourceKey, SourceState], fixed: Sequence[Contribution]
) -> list[SourcedContribution]:
    """All contributions of these sources and the fixed payments that the opening does not hold."""
    opening = opening_of(ledger).on
    found = [
        SourcedContribution(key.id, contribution)
        for key, state in sources.items()
        for contribution in contributions_of(state, ledger.policy)
    ]
    found += (SourcedContribution(payment.line, payment) for payment in fixed)
    return [sourced for sourced in found if sourced.contribution.due >= opening]


def labels_of(
    ledger: Ledger,
    sources: Mapping[SourceKey, SourceState],
    parts: Sequence[tuple[str, str]],
) -> dict[tuple[str, str], str]:
    """Names for people, by source and line."""
    by_id = {key.id: (key, state) for key, state in sources.items()}
    names = {payment.code: payment.name for payment in ledger.fixed_payments}
    return {
        (source, line): label_of(*by_id[source], line) if source in by_id else names[source]
        for source, line in parts
    }


def _learn_company(ledger: Ledger, events: Sequence[Envelope[Any]]) -> Ledger:
    for event in (envelope.event for envelope in events):
        if isinstance(event, CompanyChanged) and event.sequence > ledger.company_sequence:
            ledger = replace(
                ledger,
                company_sequence=event.sequence,
                currency=event.currency,
                policy=replace(ledger.policy, time_zone=event.time_zone),
            )
    return ledger
