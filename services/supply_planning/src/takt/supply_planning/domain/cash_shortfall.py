"""When the balance falls below its minimum: whether to say so, why, and what would help.

All money is in cents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from takt.supply_planning.domain.cash import (
    Certainty,
    Contribution,
    ContributionKind,
    week_of,
)

Verdict = Literal["unchanged", "raised", "revised", "resolved"]
Remedy = Literal["defer_order", "collect_receivable"]


@dataclass(frozen=True, slots=True)
class SourcedContribution:
    """A contribution and the deal, sale, order, series or fixed payment that it comes from."""

    source: str
    contribution: Contribution


@dataclass(frozen=True, slots=True)
class ShortfallCause:
    """What one line, order or payment moves in the weeks down to the low point, in all.

    `week` is the first of them in which it moves anything.
    """

    kind: ContributionKind
    source: str
    line: str
    certainty: Certainty
    week: date
    amount: int


@dataclass(frozen=True, slots=True)
class ShortfallRemedy:
    """Money that an action keeps above the low point; `due` is when the cash moves as planned."""

    action: Remedy
    source: str
    line: str
    due: date
    amount: int


@dataclass(frozen=True, slots=True)
class ShortfallExplanation:
    """Opening balance + amounts of `causes` + `other` = lowest balance, to the cent."""

    causes: tuple[ShortfallCause, ...]
    other: int
    remedies: tuple[ShortfallRemedy, ...]


def judge(communicated: int | None, lowest: int, minimum: int, tolerance: int) -> Verdict:
    """Whether the lowest balance is news, compared with what was last communicated.

    A shortfall is raised below the minimum and resolved only `tolerance` above it, so that a
    balance that hovers around its minimum does not flap; in between it is revised when the lowest
    balance has moved by more than `tolerance` since it was last told: slow drift is told too.

    Args:
        communicated: the lowest balance last told of an open shortfall; None while there is none.
        lowest: the lowest balance now.
        minimum: the balance not to fall below.
        tolerance: at least zero.
    """
    if communicated is None:
        return "raised" if lowest < minimum else "unchanged"
    if lowest >= minimum + tolerance:
        return "resolved"
    return "revised" if abs(lowest - communicated) > tolerance else "unchanged"


def explain(
    contributions: Sequence[SourcedContribution],
    first: date,
    lowest_week: date,
    gap: int,
    limit: int,
) -> ShortfallExplanation:
    """Why the balance is lowest in `lowest_week`, and what would close the gap to the minimum.

    Args:
        contributions: all that are due in or after `first`, of every source.
        first: the Monday that the projection starts with.
        lowest_week: the Monday of the week that ends with the lowest balance.
        gap: minimum - lowest balance.
        limit: how many causes to name; the rest is `other`.
    """
    totals: dict[tuple[ContributionKind, str, str, Certainty], tuple[date, int]] = {}
    for sourced in contributions:
        contribution = sourced.contribution
        week = week_of(contribution.due)
        if first <= week <= lowest_week:
            key = (contribution.kind, sourced.source, contribution.line, contribution.certainty)
            begin, amount = totals.get(key, (week, 0))
            totals[key] = (min(begin, week), amount + contribution.amount)
    ranked = sorted(
        (ShortfallCause(*key, *moved) for key, moved in totals.items()),
        key=lambda cause: (-abs(cause.amount), cause.kind, cause.source, cause.line),
    )
    return ShortfallExplanation(
        causes=tuple(ranked[:limit]),
        other=sum(cause.amount for cause in ranked[limit:]),
        remedies=(
            *_enough(_orders_to_defer(contributions, first, lowest_week), gap, limit),
            *_enough(_receivables_to_collect(contributions, lowest_week), gap, limit),
        ),
    )


def _orders_to_defer(
    contributions: Sequence[SourcedContribution], first: date, lowest_week: date
) -> list[ShortfallRemedy]:
    """Orders not yet received that are paid by the low point: proposals first, then by money."""
    orders = [
        sourced
        for sourced in contributions
        if sourced.contribution.kind == "purchase_order"
        and first <= week_of(sourced.contribution.due) <= lowest_week
    ]
    orders.sort(
        key=lambda sourced: (
            sourced.contribution.certainty == "committed",
            sourced.contribution.amount,
            sourced.source,
            sourced.contribution.line,
        )
    )
    return [_remedy("defer_order", sourced) for sourced in orders]


def _receivables_to_collect(
    contributions: Sequence[SourcedContribution], lowest_week: date
) -> list[ShortfallRemedy]:
    """Receivables of closed sales that come in after the low point, the nearest first."""
    receivables = [
        sourced
        for sourced in contributions
        if sourced.contribution.kind == "receivable"
        and week_of(sourced.contribution.due) > lowest_week
    ]
    receivables.sort(
        key=lambda sourced: (
            sourced.contribution.due,
            -sourced.contribution.amount,
            sourced.source,
            sourced.contribution.line,
        )
    )
    return [_remedy("collect_receivable", sourced) for sourced in receivables]


def _remedy(action: Remedy, sourced: SourcedContribution) -> ShortfallRemedy:
    contribution = sourced.contribution
    return ShortfallRemedy(
        action, sourced.source, contribution.line, contribution.due, abs(contribution.amount)
    )


def _enough(remedies: Sequence[ShortfallRemedy], gap: int, limit: int) -> list[ShortfallRemedy]:
    """The first remedies that together close the gap, or as many as `limit`."""
    chosen: list[ShortfallRemedy] = []
    closed = 0
    for remedy in remedies[:limit]:
        if closed >= gap:
            break
        chosen.append(remedy)
        closed += remedy.amount
    return chosen
