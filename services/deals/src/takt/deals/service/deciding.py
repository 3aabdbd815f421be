"""What a statement makes of a deal, decided from what was read and before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from takt.common.event import new_id
from takt.common.http import check_match
from takt.common.problems import Problem
from takt.deals.domain.deal import (
    Deal,
    Line,
    Move,
    check_amounts,
    check_dates,
    check_prices,
    decide_move,
    moved,
)
from takt.deals.domain.history import Entry
from takt.deals.domain.price import Offer, Terms, voided_by
from takt.deals.domain.refusal import Refusal, Refused
from takt.deals.service import facts
from takt.deals.service.drafts import DealDraft, DocumentDraft, LineDraft, Upserted
from takt.deals.service.moves import company_of
from takt.deals.service.problems import (
    BadDeal,
    DealClosed,
    ExternalIdTaken,
    PriceOutsideRange,
    StageNotFound,
    UnknownReference,
    WrongCurrency,
    deal_not_found,
    move_problem,
)
from takt.deals.service.references import Names, Resolved
from takt.deals.store.catalog import Catalog
from takt.deals.store.deals import Stored, Written

DEFAULT_PIPELINE: Final = "default"


@dataclass(frozen=True, slots=True)
class Plan:
    """A decided draft: what to write, and the move in it."""

    written: Written
    new: bool
    move: Move | None
    documents: tuple[DocumentDraft, ...]


def names_of(draft: DealDraft) -> Names:
    """The names in a draft."""
    return Names(
        source=draft.key[0] if draft.key else None,
        account=draft.account,
        account_id=draft.account_id,
        owner=draft.owner or draft.owner_if_new,
        team=draft.team,
        region=draft.region,
        products=frozenset(line.product for line in draft.lines or ()),
    )


def decide(
    draft: DealDraft,
    stored: Stored | None,
    holders: Mapping[UUID, UUID],
    resolved: Resolved,
    catalog: Catalog,
    now: datetime,
) -> Plan | Upserted | Problem:
    """What is to be written of a draft, that it changes nothing, or all that stands against it.

    Args: holders: the deal of each line that the draft may not take for its own.
    """
    try:
        company = company_of(catalog)
        if draft.currency not in (None, company.currency):
            remedy = f"Give amounts in {company.currency}, the company's only currency."
            refusal = Refusal("wrong-currency", "currency", str(draft.currency), remedy)
            raise WrongCurrency.of([refusal])
        resolved.check(names_of(draft), catalog)
        _check_line_ids(draft, stored, holders)
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


def _check_line_ids(draft: DealDraft, stored: Stored | None, holders: Mapping[UUID, UUID]) -> None:
    """An id may be new, so that an offer is approved before its line is written; but not taken."""
    own = stored.deal.id if stored else None
    refusals = [
        Refusal(
            "line-of-another-deal",
            f"lines[{number}].id",
            str(line.id),
            "Leave the id out of a line that is new here; it gets one of its own.",
        )
        for number, line in enumerate(draft.lines or ())
        if line.id is not None and holders.get(line.id, own) != own
    ]
    if refusals:
        raise BadDeal.of(refusals)


def _decide_new(draft: DealDraft, resolved: Resolved, catalog: Catalog, now: datetime) -> Plan:
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
    account = resolved.account(names_of(draft))
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
        draft.by,
        since=0,
        valid_from=deal.opened_at,
        source_sequence=draft.sequence,
    )
    return Plan(written, new=True, move=None, documents=draft.documents)


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
) -> Plan | Upserted:
    before = stored.deal
    check_match(draft.expected, before.sequence, changed_by=stored.changed_by)
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
        draft.by,
        since=len(before.entries),
        valid_from=max(now, before.opened_at),
        voided=tuple(approval.id for approval in void),
        source_sequence=stored.source_sequence if draft.sequence is None else draft.sequence,
    )
    added = tuple(one for one in draft.documents if one.kind not in before.documents)
    return Plan(written, new=False, move=move, documents=added)


def _changed(before: Deal, draft: DealDraft, resolved: Resolved) -> Deal:
    """The deal with what the draft states."""
    changes: dict[str, Any] = {}
    for name in ("name", "owner", "region", "expected_close", "manual_probability"):
        value = getattr(draft, name)
        if value is not None or name in draft.cleared:
            changes[name] = value
    if draft.owner is not None:
        changes["team"] = resolved.team(draft.owner)
    account = resolved.account(names_of(draft))
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
    """Dates, amounts, doubled lines and prices of what is new; an imported past has its prices."""
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
    if before is None or before.lines != deal.lines:
        refusals += check_amounts(deal)
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
