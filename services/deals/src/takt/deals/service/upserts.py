"""Deals as somebody states them: opened here, changed here, or told by a CRM under its own id.

A deal that comes from elsewhere with a stage enters as a flagged fact: its past asks for no gates.
From then on every door is the same: a stage that differs is a move and is decided as one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import new_id
from takt.common.http import check_match
from takt.common.problems import Problem
from takt.deals.domain.deal import Deal, Line, Move, check_dates, check_prices, decide_move, moved
from takt.deals.domain.history import Entry
from takt.deals.domain.price import Offer, Terms, voided_by
from takt.deals.domain.refusal import Refusal, Refused
from takt.deals.service import facts
from takt.deals.service.drafts import DealDraft, DocumentDraft, LineDraft, Result, Upserted
from takt.deals.service.moves import ATTEMPTS, company_of, settle_moves
from takt.deals.service.problems import (
    BadDeal,
    ChangedMeanwhile,
    DealClosed,
    ExternalIdTaken,
    PriceOutsideRange,
    StageNotFound,
    UnknownReference,
    WrongCurrency,
    deal_not_found,
    move_problem,
)
from takt.deals.service.references import Names, Resolved, resolve
from takt.deals.service.sales import sell_deals
from takt.deals.store.catalog import Catalog, load_catalog
from takt.deals.store.deals import (
    Stored,
    Written,
    add_documents,
    read_deals,
    read_external,
    write_changes,
    write_new,
)

DEFAULT_PIPELINE: Final = "default"


@dataclass(frozen=True, slots=True)
class _Plan:
    """A decided draft: what to write, and the move in it."""

    written: Written
    new: bool
    move: Move | None
    documents: tuple[DocumentDraft, ...]


async def upsert_deals(
    tx: Tx, drafts: Sequence[DealDraft], now: datetime, *, placeholders: bool = False
) -> list[Upserted | Problem]:
    """Take many statements; each has its own outcome, in their order, and the good ones stand.

    Statements of one deal follow each other. What changes nothing is neither written nor told.

    Args: placeholders: make room for accounts, owners, regions and products not yet seen.
    """
    outcomes: dict[int, Upserted | Problem] = {}
    attempts = dict.fromkeys(range(len(drafts)), ATTEMPTS)
    resolved = await resolve(tx, [_names(draft) for draft in drafts], placeholders=placeholders)
    while attempts:
        batch: dict[object, int] = {}
        for place in attempts:
            batch.setdefault(drafts[place].key or drafts[place].id or place, place)
        stored = await _read(tx, [drafts[place] for place in batch.values()])
        catalog = await load_catalog(tx)
        plans: dict[int, _Plan] = {}
        for place in batch.values():
            draft = drafts[place]
            outcome = _decide(draft, stored.get(draft.key or draft.id), resolved, catalog, now)
            if isinstance(outcome, _Plan):
                plans[place] = outcome
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


def _names(draft: DealDraft) -> Names:
    return Names(
        source=draft.key[0] if draft.key else None,
        account=draft.account,
        account_id=draft.account_id,
        owner=draft.owner or draft.owner_if_new,
        team=draft.team,
        region=draft.region,
        products=frozenset(line.product for line in draft.lines or ()),
    )


async def _read(tx: Tx, drafts: Sequence[DealDraft]) -> dict[object, Stored]:
    keys = [draft.key for draft in drafts if draft.key is not None]
    ids = [draft.id for draft in drafts if draft.key is None and draft.id is not None]
    external = await read_external(tx, keys) if keys else {}
    own = await read_deals(tx, ids) if ids else {}
    stored: dict[object, Stored] = dict(external.items())
    stored.update(own.items())
    return stored


async def _write(
    tx: Tx,
    ordered: Sequence[_Plan],
    drafts: Sequence[DealDraft],
    plans: Mapping[int, _Plan],
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


def _decide(
    draft: DealDraft, stored: Stored | None, resolved: Resolved, catalog: Catalog, now: datetime
) -> _Plan | Upserted | Problem:
    try:
        company = company_of(catalog)
        if draft.currency not in (None, company.currency):
            remedy = f"Give amounts in {company.currency}, the company's only currency."
            refusal = Refusal("wrong-currency", "currency", str(draft.currency), remedy)
            raise WrongCurrency.of([refusal])
        resolved.check(_names(draft), catalog)
        if stored is None:
            return _decide_new(draft, resolved, catalog, now)
        if draft.only_new:
            raise ExternalIdTaken(
                f"{stored.deal.source} {stored.deal.external_id} is a deal already",
                field="external_id",
                value=stored.deal.external_id,
                remedy="change that deal, or send it to POST /v1/deals/upserts",
            )
        return _decide_change(draft, stored, resolved, catalog, now)
    except Problem as problem:
        return problem


def _decide_new(draft: DealDraft, resolved: Resolved, catalog: Catalog, now: datetime) -> _Plan:
    if draft.id is not None:
        raise deal_not_found(draft.id)
    pipeline = catalog.pipelines.get(draft.pipeline or DEFAULT_PIPELINE)
    if pipeline is None:
        remedy = f"Use one of: {', '.join(sorted(catalog.pipelines))}."
        refusal = Refusal("unknown-pipeline", "pipeline", draft.pipeline or "", remedy)
        raise UnknownReference.of([refusal])
    past = draft.history or (((draft.stage, now),) if draft.stage is not None else ())
    for stage, _ in past:
        if pipeline.stage(stage) is None:
            remedy = f"Use one of: {', '.join(one.code for one in pipeline.stages)}."
            raise StageNotFound.of([Refusal("stage-not-found", "stage", stage, remedy)])
    entries = tuple(
        Entry(number, stage, at, imported=True) for number, (stage, at) in enumerate(past, 1)
    ) or (Entry(1, pipeline.first().code, now),)
    standing = pipeline.stage(entries[-1].stage)
    assert standing is not None, "every stage of the past was found"
    account = resolved.account(_names(draft))
    deal = Deal(
        id=new_id(),
        name=draft.name or (draft.key[1] if draft.key else "Deal"),
        owner=_required(draft.owner or draft.owner_if_new, "owner", "Give the owner's code."),
        team=resolved.team(draft.owner),
        region=_required(
            draft.region or (account.region if account else None) or resolved.region(draft.owner),
            "region",
            "Give the ship-to region, or one to the account or to the owner's team.",
        ),
        pipeline=pipeline.code,
        stage=standing.code,
        status=standing.kind,
        opened_at=entries[0].entered_at,
        entries=entries,
        closed_at=None if standing.kind == "open" else entries[-1].entered_at,
        source=draft.key[0] if draft.key else None,
        external_id=draft.key[1] if draft.key else None,
        account=account.id if account else None,
        segment=account.segment if account else None,
        account_payment_days=account.payment_days if account else None,
        expected_close=draft.expected_close,
        terms=Terms(draft.payment_days, draft.warranty_months),
        manual_probability=draft.manual_probability,
        reason=draft.reason if standing.kind != "open" else None,
        competitor=draft.competitor if standing.kind == "lost" else None,
        imported=bool(past),
        documents=frozenset(one.kind for one in draft.documents),
        lines=_lines(draft.lines or (), ()),
    )
    _check_history(entries, now)
    _check_content(deal, None, catalog, now)
    company = company_of(catalog)
    written = Written(
        deal,
        facts.opened(deal, company),
        draft.cause,
        since=0,
        valid_from=deal.opened_at,
        source_sequence=draft.sequence,
    )
    return _Plan(written, new=True, move=None, documents=draft.documents)


def _required(value: str | None, name: str, remedy: str) -> str:
    if value is None:
        raise BadDeal.of([Refusal("field-missing", name, "", remedy)])
    return value


def _check_history(entries: Sequence[Entry], now: datetime) -> None:
    remedy = "Give stages in the order of time, each another than the one before."
    refusals = [
        Refusal("history-out-of-order", "history", two.entered_at.isoformat(), remedy)
        for one, two in pairwise(entries)
        if two.entered_at < one.entered_at or two.stage == one.stage
    ]
    refusals += [
        Refusal("in-the-future", "history", entry.entered_at.isoformat(), f"It is {now} now.")
        for entry in entries
        if entry.entered_at > now
    ]
    if refusals:
        raise BadDeal.of(refusals)


def _decide_change(
    draft: DealDraft, stored: Stored, resolved: Resolved, catalog: Catalog, now: datetime
) -> _Plan | Upserted:
    before = stored.deal
    check_match(draft.expected, before.sequence)
    if draft.sequence is not None and draft.sequence < (stored.source_sequence or 0):
        return Upserted("unchanged", before)
    if draft.pipeline not in (None, before.pipeline):
        remedy = f"It runs in {before.pipeline}; a deal does not change its pipeline."
        refusal = Refusal("other-pipeline", "pipeline", str(draft.pipeline), remedy)
        raise BadDeal.of([refusal])
    after = _changed(before, draft, resolved)
    names = _differences(before, after)
    stage = draft.history[-1][0] if draft.history else draft.stage
    if not names and stage in (None, before.stage):
        return Upserted("unchanged", before)
    if names & {"lines", "terms"} and before.status != "open" and stage in (None, before.stage):
        raise DealClosed(
            f"{before.name} is {before.status}",
            field=min(names & {"lines", "terms"}),
            remedy="reopen the deal first, or correct the sale",
        )
    _check_content(after, before, catalog, now)
    move: Move | None = None
    if stage not in (None, before.stage):
        at = draft.history[-1][1] if draft.history else now
        decided = decide_move(
            after, catalog.pipelines[before.pipeline], str(stage), catalog.book, at
        )
        if isinstance(decided, Refused):
            raise move_problem(decided)
        move = decided
        after = moved(after, move, reason=draft.reason, competitor=draft.competitor)
    else:
        after = replace(after, sequence=before.sequence + 1)
    company = company_of(catalog)
    event = (
        facts.changed(after, company, tuple(sorted(names)))
        if move is None
        else facts.stage_changed(after, company, move)
    )
    void = voided_by(before.approvals, (before.offers, before.terms), (after.offers, after.terms))
    written = Written(
        after,
        event,
        draft.cause,
        since=len(before.entries),
        valid_from=max(now, before.opened_at),
        voided=tuple(approval.id for approval in void),
        source_sequence=stored.source_sequence if draft.sequence is None else draft.sequence,
    )
    added = tuple(one for one in draft.documents if one.kind not in before.documents)
    return _Plan(written, new=False, move=move, documents=added)


def _changed(before: Deal, draft: DealDraft, resolved: Resolved) -> Deal:
    """The deal with what the draft states."""
    changes: dict[str, Any] = {}
    for name in ("name", "owner", "region", "expected_close", "manual_probability"):
        value = getattr(draft, name)
        if value is not None or name in draft.cleared:
            changes[name] = value
    if draft.owner is not None:
        changes["team"] = resolved.team(draft.owner)
    account = resolved.account(_names(draft))
    if account is not None or "account_id" in draft.cleared:
        changes["account"] = account.id if account else None
        changes["segment"] = account.segment if account else None
        changes["account_payment_days"] = account.payment_days if account else None
    changes["terms"] = Terms(
        *(
            value if value is not None or name in draft.cleared else getattr(before.terms, name)
            for name, value in (
                ("payment_days", draft.payment_days),
                ("warranty_months", draft.warranty_months),
            )
        )
    )
    if draft.lines is not None:
        changes["lines"] = _lines(draft.lines, before.lines)
    changes["documents"] = before.documents | {one.kind for one in draft.documents}
    return replace(before, **changes)


def _differences(before: Deal, after: Deal) -> set[str]:
    names = (
        "name",
        "owner",
        "region",
        "account",
        "expected_close",
        "manual_probability",
        "terms",
        "lines",
        "documents",
    )
    return {name for name in names if getattr(before, name) != getattr(after, name)}


def _lines(drafts: Sequence[LineDraft], before: Sequence[Line]) -> tuple[Line, ...]:
    """Lines that keep their ids: by id, by the source's reference, else by place and product."""
    by_reference = {line.reference: line for line in before if line.reference is not None}
    lines: list[Line] = []
    for place, draft in enumerate(drafts):
        identity = draft.id
        if identity is None and draft.reference is not None and draft.reference in by_reference:
            identity = by_reference[draft.reference].offer.line
        if identity is None and draft.reference is None and place < len(before):
            same = before[place].offer
            identity = same.line if same.product == draft.product else None
        offer = Offer(identity or new_id(), draft.product, draft.quantity, draft.price)
        lines.append(Line(offer, draft.requested, draft.reference))
    return tuple(lines)


def _check_content(deal: Deal, before: Deal | None, catalog: Catalog, now: datetime) -> None:
    """Dates, doubled lines and prices of what is new; a past that is imported has its prices."""
    zone = company_of(catalog).zone
    known = {line.offer.line: line for line in before.lines} if before else {}
    fresh = [known.get(line.offer.line) != line for line in deal.lines]
    expected = deal.expected_close
    refusals = check_dates(
        deal.opened_at,
        zone,
        expected if before is None or before.expected_close != expected else None,
        [line.requested if new else None for line, new in zip(deal.lines, fresh, strict=True)],
    )
    if len({line.offer.line for line in deal.lines}) < len(deal.lines):
        refusals.append(Refusal("line-twice", "lines", "", "Give each line its own id."))
    if refusals:
        raise BadDeal.of(refusals)
    terms_changed = before is None or before.terms != deal.terms
    if (before is None and deal.imported) or deal.status != "open":
        return
    if any(fresh) or terms_changed:
        outside = check_prices(deal, deal.stage, catalog.book, now)
        if outside:
            raise PriceOutsideRange.of(outside)
