"""Deals as somebody states them: opened here, changed here, or told by a CRM under its own id.

A deal that comes from elsewhere with a stage enters as a flagged fact: its past asks for no gates.
From then on every door is the same: a stage that differs is a move and is decided as one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from takt.common.db import Tx
from takt.common.problems import Problem
from takt.deals.domain.deal import Deal
from takt.deals.service.deciding import Plan, decide, names_of
from takt.deals.service.drafts import DealDraft, Result, Upserted
from takt.deals.service.moves import ATTEMPTS, company_of, settle_moves
from takt.deals.service.problems import ChangedMeanwhile
from takt.deals.service.references import resolve
from takt.deals.service.sales import sell_deals
from takt.deals.store.catalog import Catalog, load_catalog
from takt.deals.store.deals import (
    Stored,
    deals_of_lines,
    read_deals,
    read_external,
    write_changes,
    write_new,
)
from takt.deals.store.documents import add_documents


async def upsert_deals(
    tx: Tx, drafts: Sequence[DealDraft], now: datetime, *, placeholders: bool = False
) -> list[Upserted | Problem]:
    """Take many statements; each has its own outcome, in their order, and the good ones stand.

    Statements of one deal follow each other. What changes nothing is neither written nor told.

    Args: placeholders: make room for accounts, owners, regions and products not yet seen.
    """
    outcomes: dict[int, Upserted | Problem] = {}
    attempts = dict.fromkeys(range(len(drafts)), ATTEMPTS)
    resolved = await resolve(tx, [names_of(draft) for draft in drafts], placeholders=placeholders)
    while attempts:
        batch: dict[object, int] = {}
        for place in attempts:
            batch.setdefault(drafts[place].key or drafts[place].id or place, place)
        stored = await _read(tx, [drafts[place] for place in batch.values()])
        catalog = await load_catalog(tx)
        holders = await _holders(tx, [drafts[place] for place in batch.values()], stored)
        plans: dict[int, Plan] = {}
        for place in batch.values():
            draft = drafts[place]
            found = stored.get(draft.key or draft.id)
            outcome = decide(draft, found, holders, resolved, catalog, now)
            if isinstance(outcome, Plan):
                plans[place] = outcome
                deal = outcome.written.deal
                holders.update((line.offer.line, deal.id) for line in deal.lines)
            else:
                outcomes[place] = outcome
        done = await _write(tx, list(plans.values()), drafts, plans, catalog, now)
        for place, plan in plans.items():
            attempts[place] -= 1
            if plan.written.deal.id in done:
                result: Result = "created" if plan.new else "changed"
                outcomes[place] = Upserted(result, plan.written.deal)
            elif not attempts[place]:
                outcomes[place] = ChangedMeanwhile(
                    field="id", value=str(plan.written.deal.id), remedy="read it and try again"
                )
        attempts = {place: left for place, left in attempts.items() if place not in outcomes}
    return [outcomes[place] for place in range(len(drafts))]


async def open_deal(tx: Tx, draft: DealDraft, now: datetime) -> Deal:
    """Open a deal here, in the first stage of its pipeline.

    Raises: ExternalIdTaken, UnknownReference, BadDeal, WrongCurrency, PriceOutsideRange.
    """
    return await _one(tx, replace(draft, only_new=True), now)


async def change_deal(tx: Tx, draft: DealDraft, now: datetime) -> Deal:
    """Change a deal of ours, except its stage.

    Raises: NotFound, Stale, DealClosed, and what opening one raises.
    """
    return await _one(tx, draft, now)


async def _one(tx: Tx, draft: DealDraft, now: datetime) -> Deal:
    [outcome] = await upsert_deals(tx, [draft], now)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome.deal


async def _read(tx: Tx, drafts: Sequence[DealDraft]) -> dict[object, Stored]:
    keys = [draft.key for draft in drafts if draft.key is not None]
    ids = [draft.id for draft in drafts if draft.key is None and draft.id is not None]
    external = await read_external(tx, keys) if keys else {}
    own = await read_deals(tx, ids) if ids else {}
    stored: dict[object, Stored] = dict(external.items())
    stored.update(own.items())
    return stored


async def _holders(
    tx: Tx, drafts: Sequence[DealDraft], stored: Mapping[object, Stored]
) -> dict[UUID, UUID]:
    """The deal of each line that a draft names and its own deal does not have."""
    foreign: set[UUID] = set()
    for draft in drafts:
        named = {line.id for line in draft.lines or () if line.id is not None}
        found = stored.get(draft.key or draft.id) if named else None
        foreign |= named - {line.offer.line for line in found.deal.lines} if found else named
    return await deals_of_lines(tx, foreign) if foreign else {}


async def _write(
    tx: Tx,
    ordered: Sequence[Plan],
    drafts: Sequence[DealDraft],
    plans: Mapping[int, Plan],
    catalog: Catalog,
    now: datetime,
) -> set[UUID]:
    done = await write_new(tx, [plan.written for plan in ordered if plan.new])
    done |= await write_changes(tx, [plan.written for plan in ordered if not plan.new])
    written = [plan for plan in ordered if plan.written.deal.id in done]
    if not written:
        return done
    company = company_of(catalog)
    documents = [
        (plan.written.deal.id, one.kind, one.name, one.address)
        for plan in written
        for one in plan.documents
    ]
    await add_documents(tx, documents, now)
    moves = [(plan.written, plan.move) for plan in written if plan.move is not None]
    await settle_moves(tx, moves, company)
    won = [
        (plan.written.deal, plan.written.cause)
        for plan in written
        if plan.new and plan.written.deal.status == "won"
    ]
    left = {plans[place].written.deal.id for place in plans if drafts[place].shipped}
    if won:
        await sell_deals(tx, won, company, shipped=left)
    return done
