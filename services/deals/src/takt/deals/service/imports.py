"""Importing a CRM's files as a durable job: dry runs, progress, row problems, twice is once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from importlib.resources import files
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from takt.common.db import Database, Tx, is_transient
from takt.common.event import Cause, new_id
from takt.common.jobs import enqueue
from takt.common.problems import NotFound, Problem
from takt.deals.domain.crm_import import CrmImport, Known, read_crm, summary
from takt.deals.domain.crm_import import DealDraft as CrmDeal
from takt.deals.domain.csv_file import RowProblem
from takt.deals.domain.mapping import CrmMapping, read_mapping
from takt.deals.domain.refusal import Refusal, Refused
from takt.deals.service import catalog as catalogs
from takt.deals.service.drafts import DealDraft, LineDraft, Upserted
from takt.deals.service.problems import ImportNotReceiving, MappingUnreadable, WrongCurrency
from takt.deals.service.upserts import upsert_deals
from takt.deals.store import imports
from takt.deals.store.accounts import account_ids
from takt.deals.store.catalog import (
    OWNERS,
    PIPELINES,
    PRODUCTS,
    REGIONS,
    TEAMS,
    Company,
    list_prices,
    load_catalog,
    owner_regions,
    pipeline_row,
    region_codes,
)

logger = logging.getLogger(__name__)

JOB: Final = "import-crm"
CHUNK: Final = 1_000
"""Deals a transaction: progress is seen, and no row is locked for long."""

FALLBACK: Final = Company("Company", "EUR", "UTC", 30, 1)
"""The company of an installation whose first data is an import; the mapping names its currency."""


class _DryRun(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


def default_mapping() -> str:
    """The mapping that is used when none is given, as TOML."""
    return files("takt.deals").joinpath("mappings/crm.toml").read_text("utf-8")


async def begin_import(
    tx: Tx, mapping: str | None, *, dry_run: bool, now: datetime, cause: Cause
) -> UUID:
    """A new import that waits for its files. Raises MappingUnreadable: with every mistake."""
    text = default_mapping() if mapping is None else mapping
    read = read_mapping(text)
    if isinstance(read, Refused):
        raise MappingUnreadable.of(read.refusals)
    identity = new_id()
    correlation = cause.correlations[0]
    await imports.add_import(tx, identity, text, dry_run=dry_run, correlation=correlation, now=now)
    return identity


async def receive_file(tx: Tx, identity: UUID, name: str, content: bytes) -> None:
    """Take a file of an import. Raises: NotFound, ImportNotReceiving."""
    await _receiving(tx, identity)
    await imports.put_file(tx, identity, name, content)


async def start_import(tx: Tx, identity: UUID) -> None:
    """All files are there: import them. Raises: NotFound, ImportNotReceiving."""
    await _receiving(tx, identity)
    await imports.write_progress(tx, identity, {"state": "waiting"})
    await enqueue(tx, JOB, {"import": str(identity)}, once=f"{JOB}:{identity}")


async def _receiving(tx: Tx, identity: UUID) -> None:
    found = await imports.lock_import(tx, identity)
    if found is None:
        raise import_not_found(identity)
    if found["state"] != "receiving":
        raise ImportNotReceiving(
            f"the import is {found['state']}",
            field="id",
            value=str(identity),
            remedy="begin another with POST /v1/imports",
        )


def import_not_found(identity: UUID) -> NotFound:
    """There is no such import."""
    return NotFound(
        f"there is no import {identity}",
        field="id",
        value=str(identity),
        remedy="take an id from GET /v1/imports",
    )


async def run_import(database: Database, payload: Mapping[str, Any], now: datetime) -> None:
    """The job: read the files, then write them in chunks. It may run again and changes nothing."""
    identity = UUID(payload["import"])
    async with database.transaction() as tx:
        found = await imports.lock_import(tx, identity)
        if found is None or found["state"] not in ("waiting", "running"):
            return
        await imports.write_progress(tx, identity, {"state": "running", "started_at": now})
        content = await imports.read_files(tx, identity)
    try:
        await _import(database, found, content, now)
    except Exception as error:
        if is_transient(error):
            raise
        if not isinstance(error, Problem):
            logger.exception("import %s failed", identity)
        failure = error.detail if isinstance(error, Problem) else f"{type(error).__name__}: {error}"
        async with database.transaction() as tx:
            ended = {"state": "failed", "ended_at": now, "failure": failure[:2000]}
            await imports.write_progress(tx, identity, ended)


async def _import(
    database: Database, found: Mapping[str, Any], content: Mapping[str, bytes], now: datetime
) -> None:
    identity: UUID = found["id"]
    mapping = read_mapping(found["mapping"])
    assert isinstance(mapping, CrmMapping), "it was read when the import began"
    async with database.transaction() as tx:
        known, company = await _known(tx)
    company = company or _first_company(mapping)
    today = now.astimezone(company.zone).date()
    read = await asyncio.to_thread(read_crm, content, mapping, today, known)
    drafts = [
        _draft(deal, mapping, company.zone, now, Cause.start(found["correlation"]))
        for deal in read.deals
    ]
    figures: dict[str, Any] = {**summary(read), "products": len(read.products)}
    figures |= {"accounts": len(read.accounts), "owners": len(read.owners)}
    run = _Run(database, identity, mapping, read, drafts, figures, company, now)
    if found["dry_run"]:
        await run.try_out(found["correlation"])
    else:
        await run.write(found["correlation"])


async def _known(tx: Tx) -> tuple[Known, Company | None]:
    catalog = await load_catalog(tx)
    known = Known(
        await list_prices(tx),
        await account_ids(tx),
        await owner_regions(tx),
        await region_codes(tx),
    )
    return known, catalog.company


def _first_company(mapping: CrmMapping) -> Company:
    currency = mapping.currency or FALLBACK.currency
    return Company(FALLBACK.name, currency, FALLBACK.time_zone, FALLBACK.payment_days, 1)


def _draft(
    deal: CrmDeal, mapping: CrmMapping, zone: ZoneInfo, now: datetime, cause: Cause
) -> DealDraft:
    """A row as a statement: its history in the company's business days, its line by place."""
    opened = now if deal.opened is None else _instant(deal.opened, zone)
    history: tuple[tuple[str, datetime], ...] = ((deal.stage, opened),)
    if deal.closed is not None:
        history = ((mapping.closed_from, opened), (deal.stage, _instant(deal.closed, zone)))
    line = LineDraft(deal.product, deal.quantity, deal.price, deal.requested)
    return DealDraft(
        cause=cause,
        by=mapping.source,
        key=(mapping.source, deal.external_id),
        name=deal.name,
        account=deal.account,
        owner=deal.owner,
        region=deal.region,
        pipeline=mapping.pipeline.code,
        history=history,
        expected_close=deal.expected_close,
        currency=mapping.currency,
        lines=(line,),
        shipped=deal.shipped,
    )


def _instant(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


class _Run:
    """One run over files that were read."""

    def __init__(
        self,
        database: Database,
        identity: UUID,
        mapping: CrmMapping,
        read: CrmImport,
        drafts: Sequence[DealDraft],
        figures: dict[str, Any],
        company: Company,
        now: datetime,
    ) -> None:
        self.database = database
        self.identity = identity
        self.mapping = mapping
        self.read = read
        self.drafts = drafts
        self.figures = figures
        self.company = company
        self.now = now
        self.results: Counter[str] = Counter()
        self.problems: list[RowProblem] = list(read.problems)

    async def write(self, correlation: UUID) -> None:
        """Catalog first, then the deals in chunks, each with its progress."""
        async with self.database.transaction() as tx:
            await self._write_catalog(tx, Cause.start(correlation))
            await imports.write_problems(tx, self.identity, 1, self.problems)
            await imports.write_progress(tx, self.identity, self._progress(0))
        for first in range(0, len(self.drafts), CHUNK):
            async with self.database.transaction() as tx:
                refused = await self._write_deals(tx, first)
                numbered = len(self.read.problems) + 1 + first
                await imports.write_problems(tx, self.identity, numbered, refused)
                self.problems += refused
                done = min(first + CHUNK, len(self.drafts))
                await imports.write_progress(tx, self.identity, self._progress(done))
        await self._end()

    async def try_out(self, correlation: UUID) -> None:
        """The same in one transaction that is undone: a dry run finds what a run would."""
        try:
            async with self.database.transaction() as tx:
                await self._write_catalog(tx, Cause.start(correlation))
                for first in range(0, len(self.drafts), CHUNK):
                    self.problems += await self._write_deals(tx, first)
                raise _DryRun
        except _DryRun:
            async with self.database.transaction() as tx:
                await imports.write_problems(tx, self.identity, 1, self.problems)
        await self._end()

    def _progress(self, done: int) -> dict[str, Any]:
        return {
            "rows_read": self.read.rows,
            "rows_total": len(self.drafts),
            "rows_done": done,
            "counts": {**self.figures, "results": dict(self.results)},
            "problems": len(self.problems),
        }

    async def _end(self) -> None:
        async with self.database.transaction() as tx:
            ended = {**self._progress(len(self.drafts)), "state": "done", "ended_at": self.now}
            await imports.write_progress(tx, self.identity, ended)
            await imports.drop_files(tx, self.identity)

    async def _write_catalog(self, tx: Tx, cause: Cause) -> None:
        await self._agree_on_company(tx, cause)
        catalog = await load_catalog(tx)
        if self.mapping.pipeline.code not in catalog.pipelines:
            await catalogs.put_many(
                tx, PIPELINES, [pipeline_row(self.mapping.pipeline)], cause=cause
            )
        regions = {owner.region for owner in self.read.owners}
        teams = {owner.team: owner.region for owner in self.read.owners}
        for noun, rows in (
            (REGIONS, [{"code": code, "name": code} for code in sorted(regions)]),
            (TEAMS, [{"code": c, "name": c, "region": teams[c]} for c in sorted(teams)]),
            (OWNERS, [{"code": o.name, "name": o.name, "team": o.team} for o in self.read.owners]),
            (
                PRODUCTS,
                [
                    {
                        "code": product.code,
                        "name": product.name,
                        "family": product.family,
                        "unit": product.unit,
                        "list_price": product.list_price,
                        "cost": product.cost,
                        "active": True,
                    }
                    for product in self.read.products
                ],
            ),
        ):
            await catalogs.put_many(tx, noun, rows, cause=cause, keep_missing=True)
        accounts = [
            {
                "source": self.mapping.source,
                "external_id": account.external_id,
                "name": account.name,
                "sector": account.sector,
                "region": account.region,
                "payment_days": account.payment_days,
            }
            for account in self.read.accounts
        ]
        await catalogs.put_accounts(tx, accounts, cause=cause, keep_missing=True)

    async def _agree_on_company(self, tx: Tx, cause: Cause) -> None:
        catalog = await load_catalog(tx)
        if catalog.company is None:
            await catalogs.set_company(
                tx, self.company, expected=None, exists_only=True, cause=cause
            )
        elif self.mapping.currency not in (None, catalog.company.currency):
            remedy = (
                f"The company's only currency is {catalog.company.currency}; convert the amounts "
                "and name it under [source], or begin with an empty database."
            )
            refusal = Refusal(
                "wrong-currency", "source.currency", str(self.mapping.currency), remedy
            )
            raise WrongCurrency.of([refusal], f"source.currency {self.mapping.currency}: {remedy}")

    async def _write_deals(self, tx: Tx, first: int) -> list[RowProblem]:
        chunk = self.drafts[first : first + CHUNK]
        refused: list[RowProblem] = []
        outcomes = await upsert_deals(tx, chunk, self.now)
        for deal, outcome in zip(self.read.deals[first : first + CHUNK], outcomes, strict=True):
            if isinstance(outcome, Upserted):
                self.results[outcome.result] += 1
                continue
            self.results["refused"] += 1
            body = outcome.body()
            refused.append(
                RowProblem(
                    self.mapping.nouns["deals"].file,
                    deal.line,
                    str(body.get("field", "")),
                    str(body.get("value", "")),
                    str(body.get("remedy", outcome.detail)),
                )
            )
        return refused
