"""Reading cash: the projection as of now, and what a week is made of."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from takt.common.db import Tx
from takt.supply_planning.domain.cash import Contribution, week_of
from takt.supply_planning.domain.cash_ledger import (
    Ledger,
    Outlook,
    look_ahead,
    opened,
    opening_of,
)
from takt.supply_planning.domain.cash_sources import SourceKey
from takt.supply_planning.domain.cash_terms import fixed_contributions
from takt.supply_planning.service.cash import labels_of, sourced_contributions
from takt.supply_planning.store import finance


@dataclass(frozen=True, slots=True)
class LabelledContribution:
    """A contribution with its source and its name for people."""

    source: str
    label: str
    contribution: Contribution


async def read_outlook(tx: Tx, now: datetime) -> tuple[Ledger, Outlook]:
    """The projection from the week of `now` on."""
    ledger = opened(await finance.read_ledger(tx), now)
    return ledger, look_ahead(ledger, await finance.load_weeks(tx), now)


async def read_contributions(tx: Tx, day: date, now: datetime) -> list[LabelledContribution]:
    """Everything that moves cash in the week of `day`, the most money first."""
    ledger = opened(await finance.read_ledger(tx), now)
    week = week_of(day)
    fixed = fixed_contributions(
        ledger.fixed_payments, max(week, opening_of(ledger).on), week + timedelta(weeks=1)
    )
    sources = await finance.load_sources_in(tx, week)
    found = [
        sourced
        for sourced in sourced_contributions(ledger, sources, fixed)
        if week_of(sourced.contribution.due) == week
    ]
    labels = labels_of(ledger, sources, [(part.source, part.contribution.line) for part in found])
    rows = [
        LabelledContribution(
            part.source, labels[part.source, part.contribution.line], part.contribution
        )
        for part in found
    ]
    return sorted(rows, key=place_of)


async def read_source(
    tx: Tx, key: SourceKey, now: datetime
) -> tuple[Ledger, list[LabelledContribution]] | None:
    """The ledger and all that a source adds to it, by due date; None where it is not known."""
    sources, _ = await finance.load_sources(tx, [key])
    if key not in sources:
        return None
    ledger = opened(await finance.read_ledger(tx), now)
    found = [part.contribution for part in sourced_contributions(ledger, sources, ())]
    labels = labels_of(ledger, sources, [(key.id, part.line) for part in found])
    rows = [LabelledContribution(key.id, labels[key.id, part.line], part) for part in found]
    return ledger, sorted(rows, key=lambda row: (row.contribution.due, place_of(row)))


def place_of(row: LabelledContribution) -> tuple[int, str, str, str]:
    """Sorts by money, the most first; unique within a week."""
    part = row.contribution
    return -abs(part.amount), row.source, part.line, f"{part.due} {part.amount}"
