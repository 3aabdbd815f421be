"""Moving deals through their pipeline, one or many: two statements, whatever the number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.http import check_match
from takt.common.problems import Problem
from takt.deals.domain.deal import Deal, Move, decide_move, moved
from takt.deals.domain.refusal import Refused
from takt.deals.service import facts
from takt.deals.service.problems import (
    ChangedMeanwhile,
    CompanyNotSet,
    deal_not_found,
    move_problem,
)
from takt.deals.service.sales import reverse_sales, sell_deals
from takt.deals.store.catalog import Catalog, Company, load_catalog
from takt.deals.store.deals import Stored, Written, read_deals, write_moves

ATTEMPTS: Final = 5
"""How often a move is decided anew when the deal moves on under it."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """A wish: this deal to that stage.

    `by` is the name of the key that wishes it, `expected` the sequence that it saw, if any.
    """

    deal: UUID
    stage: str
    cause: Cause
    by: str
    expected: int | None = None
    reason: str | None = None
    competitor: str | None = None


async def move_deal(tx: Tx, request: MoveRequest, now: datetime) -> Deal:
    """Move one deal.

    Raises: NotFound, Stale, StageNotFound, AlreadyThere, MoveNotDeclared, CriteriaUnmet.
    """
    [outcome] = await move_deals(tx, [request], now)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def move_deals(
    tx: Tx, requests: Sequence[MoveRequest], now: datetime
) -> list[Deal | Problem]:
    """Move many deals; each has its own outcome, in the order asked, and the good ones stand.

    Several moves of one deal follow each other. Each keeps the correlation id that it came with.
    """
    outcomes: dict[int, Deal | Problem] = {}
    company: Company | None = None
    attempts = dict.fromkeys(range(len(requests)), ATTEMPTS)
    while attempts:
        batch: dict[UUID, int] = {}
        for place in attempts:
            batch.setdefault(requests[place].deal, place)
        stored = await read_deals(tx, batch)
        decided: dict[int, tuple[Written, Move]] = {}
        for identity, place in batch.items():
            found = stored.get(identity)
            if found is None:
                outcomes[place] = deal_not_found(identity)
                continue
            catalog = await load_catalog(tx, found.revision)
            company = company_of(catalog)
            outcome = _decide(found, requests[place], catalog, now)
            if isinstance(outcome, Problem):
                outcomes[place] = outcome
            else:
                decided[place] = outcome
        moves = [written for written, _ in decided.values()]
        done = await write_moves(tx, moves)
        for place, (written, _) in decided.items():
            attempts[place] -= 1
            if written.deal.id in done:
                outcomes[place] = written.deal
            elif not attempts[place]:
                outcomes[place] = ChangedMeanwhile(
                    field="id", value=str(written.deal.id), remedy="read the deal and try again"
                )
        if company is not None:
            settled = [pair for pair in decided.values() if pair[0].deal.id in done]
            await settle_moves(tx, settled, company)
        attempts = {place: left for place, left in attempts.items() if place not in outcomes}
    return [outcomes[place] for place in range(len(requests))]


def _decide(
    stored: Stored, request: MoveRequest, catalog: Catalog, now: datetime
) -> tuple[Written, Move] | Problem:
    deal = stored.deal
    try:
        check_match(request.expected, deal.sequence, changed_by=stored.changed_by)
    except Problem as stale:
        return stale
    move = decide_move(deal, catalog.pipelines[deal.pipeline], request.stage, catalog.book, now)
    if isinstance(move, Refused):
        return move_problem(move)
    after = moved(deal, move, reason=request.reason, competitor=request.competitor)
    event = facts.stage_changed(after, company_of(catalog), move)
    return Written(after, event, request.cause, request.by, len(deal.entries), move.at), move


async def settle_moves(tx: Tx, moves: Sequence[tuple[Written, Move]], company: Company) -> None:
    """A win makes sales of its lines, a reopened win takes them back."""
    won = [(written.deal, written.cause) for written, move in moves if move.kind == "won"]
    reopened = {w.deal.id: w.cause for w, move in moves if move.kind == "reopen"}
    if won:
        await sell_deals(tx, won, company)
    if reopened:
        await reverse_sales(tx, reopened)


def company_of(catalog: Catalog) -> Company:
    """The company.

    Raises: CompanyNotSet: there is none yet.
    """
    if catalog.company is None:
        raise CompanyNotSet(
            "the company has no currency and time zone yet",
            field="company",
            remedy="send PUT /v1/company with name, currency and time_zone",
        )
    return catalog.company
