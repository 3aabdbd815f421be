"""Company, products, regions, teams, owners, accounts, pipelines and price rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from takt.common.contracts.deals import (
    AccountChanged,
    CompanyChanged,
    ProductChanged,
    RegionChanged,
    TeamChanged,
)
from takt.common.db import Tx
from takt.common.event import Cause, Event
from takt.common.http import PreconditionRequired, Stale, check_match
from takt.common.outbox import emit
from takt.common.problems import NotFound
from takt.deals.domain.hierarchy import first_cycle
from takt.deals.domain.pipeline import Pipeline, check_pipeline, default_pipeline
from takt.deals.domain.price import check_rule
from takt.deals.domain.refusal import Refusal
from takt.deals.service.problems import (
    BadPipeline,
    BadPriceRule,
    CompanyFixed,
    CyclicHierarchy,
    UnknownReference,
)
from takt.deals.store import accounts, catalog
from takt.deals.store.catalog import (
    PIPELINES,
    PRICE_RULES,
    PRODUCTS,
    REGIONS,
    TEAMS,
    Company,
    Noun,
)


async def set_company(
    tx: Tx, wished: Company, *, expected: int | None, exists_only: bool, cause: Cause
) -> Company:
    """Say who the company is. Currency and time zone are fixed with the first deal or sale.

    Args: expected: the sequence that the caller saw; exists_only: it must be there already.
    Raises: CompanyFixed, Stale, UnknownReference: no such time zone.
    """
    try:
        ZoneInfo(wished.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        remedy = "Name a zone of the IANA database, such as Europe/Berlin."
        refusal = Refusal("unknown-time-zone", "time_zone", wished.time_zone, remedy)
        raise UnknownReference.of([refusal]) from error
    before, in_use = await catalog.lock_company(tx)
    _check_version(before.sequence if before else None, expected, exists_only)
    if before is not None and replace(wished, sequence=before.sequence) == before:
        return before
    for field in ("currency", "time_zone"):
        if before is not None and in_use and getattr(before, field) != getattr(wished, field):
            raise CompanyFixed(
                f"{field} is {getattr(before, field)} and there are deals or sales in it",
                field=field,
                value=getattr(wished, field),
                remedy=f"keep {getattr(before, field)}, or begin with an empty database",
            )
    company = replace(wished, sequence=before.sequence + 1 if before else 1)
    await catalog.save_company(tx, company)
    event = CompanyChanged(
        sequence=company.sequence,
        name=company.name,
        currency=company.currency,
        time_zone=company.time_zone,
    )
    await emit(tx, (event, cause))
    return company


async def begin_with_default_pipeline(tx: Tx) -> None:
    """An installation without any pipeline gets the default one."""
    if not (await catalog.load_catalog(tx)).pipelines:
        row = catalog.pipeline_row(default_pipeline())
        await put_many(tx, PIPELINES, [row], cause=Cause.start())


async def put_one(
    tx: Tx,
    noun: Noun,
    row: Mapping[str, Any],
    *,
    expected: int | None,
    exists_only: bool,
    cause: Cause,
) -> int:
    """Write one thing by its code; returns its sequence.

    Raises: PreconditionRequired: it is there and the caller did not say which version; Stale.
    """
    before = await catalog.lock_code(tx, noun, row["code"])
    _check_version(before, expected, exists_only)
    sequences = await put_many(tx, noun, [row], cause=cause)
    return sequences.get(row["code"], before or 1)


def _check_version(before: int | None, expected: int | None, exists_only: bool) -> None:
    if before is None or before == 0:
        if expected is not None:
            raise Stale("it is not there yet", field="If-Match", remedy="leave If-Match out")
        return
    if expected is None and not exists_only:
        raise PreconditionRequired(
            "it is there already and If-Match is missing",
            field="If-Match",
            remedy='read it, then send its ETag, such as If-Match: "3"; or * for any',
        )
    check_match(expected, before)


async def put_many(
    tx: Tx,
    noun: Noun,
    rows: Sequence[Mapping[str, Any]],
    *,
    cause: Cause,
    keep_missing: bool = False,
) -> dict[str, int]:
    """Write things by code; returns the new sequences of those that changed, and tells of them.

    Raises: BadPipeline, BadPriceRule: with every failure; UnknownReference.
    """
    if noun is PIPELINES:
        await _check_pipelines(tx, rows)
    if noun is PRICE_RULES:
        await _check_rules(tx, rows)
    await _check_codes(tx, noun, rows)
    sequences = await catalog.upsert(tx, noun, rows, keep_missing=keep_missing)
    if noun.table in EVENTS and sequences:
        now = await catalog.read_codes(tx, noun, codes=sequences)
        await emit(tx, *((EVENTS[noun.table](row), cause) for row in now))
    return sequences


def product_event(row: Mapping[str, Any]) -> ProductChanged:
    """A product as others see it; a price or cost that nobody gave is told as zero."""
    return ProductChanged(**{**row, "list_price": row["list_price"] or 0, "cost": row["cost"] or 0})


EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "products": product_event,
    "regions": lambda row: RegionChanged(**row),
    "teams": lambda row: TeamChanged(**row),
}


async def _check_codes(tx: Tx, noun: Noun, rows: Sequence[Mapping[str, Any]]) -> None:
    """Codes that rows refer to, among themselves or in what is there."""
    references = {
        "regions": (("parent", REGIONS),),
        "teams": (("parent", TEAMS), ("region", REGIONS)),
        "owners": (("team", TEAMS),),
        "price_rules": (("product", PRODUCTS), ("pipeline", PIPELINES)),
    }
    refusals: list[Refusal] = []
    for field, target in references.get(noun.table, ()):
        named = {row[field] for row in rows if row.get(field) is not None}
        given = {row["code"] for row in rows} if target is noun else set()
        known = await catalog.known_codes(tx, target, named - given) if named - given else set()
        refusals += (
            Refusal(
                f"unknown-{field}", field, code, f"Add it with PUT /v1/{target.table}/{{code}}."
            )
            for code in sorted(named - given - known)
        )
    if noun is PRICE_RULES:
        refusals += await _unknown_of_rules(tx, rows)
    if refusals:
        raise UnknownReference.of(refusals)
    if "parent" in noun.columns:
        await _check_hierarchy(tx, noun, rows)


async def _unknown_of_rules(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> list[Refusal]:
    """Accounts, and stages of pipelines that are there, to which price rules refer in vain."""
    named = {row["account_id"] for row in rows if row["account_id"] is not None}
    found = await accounts.page_accounts(tx, ids=named, limit=len(named)) if named else []
    remedy = "Add it with POST /v1/accounts, or take an id from GET /v1/accounts."
    refusals = [
        Refusal("unknown-account", "account_id", str(account), remedy)
        for account in sorted(named - {row["id"] for row in found})
    ]
    pipelines = (await catalog.load_catalog(tx)).pipelines
    for row in rows:
        pipeline = pipelines.get(row["pipeline"])
        if pipeline is not None and pipeline.stage(row["stage"]) is None:
            remedy = f"Use one of: {', '.join(stage.code for stage in pipeline.stages)}."
            refusals.append(Refusal("unknown-stage", "stage", row["stage"], remedy))
    return refusals


async def _check_hierarchy(tx: Tx, noun: Noun, rows: Sequence[Mapping[str, Any]]) -> None:
    parents = await catalog.read_parents(tx, noun)
    cycle = first_cycle({**parents, **{row["code"]: row.get("parent") for row in rows}})
    if cycle:
        remedy = f"Take one of {', '.join(cycle)} out of the others."
        refusal = Refusal("inside-itself", "parent", " in ".join([*cycle, cycle[0]]), remedy)
        raise CyclicHierarchy.of([refusal])


async def _check_pipelines(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    refusals: list[Refusal] = []
    rules = (await catalog.load_catalog(tx)).book.rules
    for row in rows:
        pipeline: Pipeline = catalog.pipeline_of({**row, "sequence": 0})
        refusals += check_pipeline(pipeline)
        used = await catalog.stages_in_use(tx, pipeline.code)
        refusals += (
            Refusal("stage-in-use", "stages", stage, "Deals stand in it; move them first.")
            for stage in sorted(used - {stage.code for stage in pipeline.stages})
        )
        named = {r.code: r.stage[1] for r in rules if r.stage and r.stage[0] == pipeline.code}
        refusals += (
            Refusal("stage-in-use", "stages", stage, f"The price rule {code} names it; change it.")
            for code, stage in named.items()
            if pipeline.stage(stage) is None
        )
    if refusals:
        raise BadPipeline.of(refusals)


async def _check_rules(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    refusals = [refusal for row in rows for refusal in check_rule(catalog.rule_of(row))]
    if refusals:
        raise BadPriceRule.of(refusals)


async def put_accounts(
    tx: Tx,
    rows: Sequence[Mapping[str, Any]],
    *,
    cause: Cause,
    keep_missing: bool = False,
    only_new: bool = False,
) -> list[dict[str, Any]]:
    """Write accounts by source and external id; returns those that changed, and tells of them.

    Args: keep_missing: a field without a value stays as it is; only_new: what is there does.
    Raises: UnknownReference: no such region.
    """
    named = {row["region"] for row in rows if row["region"] is not None}
    unknown = named - (await catalog.known_codes(tx, REGIONS, named) if named else set())
    if unknown:
        remedy = "Add the region with PUT /v1/regions/{code}."
        raise UnknownReference.of(
            [Refusal("unknown-region", "region", code, remedy) for code in sorted(unknown)]
        )
    changed = await accounts.upsert_accounts(tx, rows, keep_missing=keep_missing, only_new=only_new)
    if changed:
        await emit(tx, *((_account_event(row), cause) for row in changed))
    return changed


async def change_account(
    tx: Tx, account: UUID, changes: Mapping[str, Any], *, expected: int | None, cause: Cause
) -> dict[str, Any]:
    """Change fields of an account. Raises: NotFound, Stale, UnknownReference."""
    rows = await accounts.page_accounts(tx, ids=[account], lock=True)
    if not rows:
        raise NotFound(
            f"there is no account {account}",
            field="id",
            value=str(account),
            remedy="take an id from GET /v1/accounts",
        )
    before = rows[0]
    check_match(expected, before["sequence"])
    after = {**before, **changes}
    if after == before:
        return before
    region = after["region"]
    if region is not None and not await catalog.known_codes(tx, REGIONS, [region]):
        remedy = "Add the region with PUT /v1/regions/{code}."
        raise UnknownReference.of([Refusal("unknown-region", "region", region, remedy)])
    after["sequence"] = before["sequence"] + 1
    await accounts.change_account(tx, after, after["sequence"])
    await emit(tx, (_account_event(after), cause))
    return after


def _account_event(row: Mapping[str, Any]) -> AccountChanged:
    return AccountChanged(
        sequence=row["sequence"],
        account_id=row["id"],
        external_id=row["external_id"],
        name=row["name"],
        sector=row["sector"],
        region=row["region"],
        payment_days=row["payment_days"],
    )
