"""Company, products, regions, teams, owners, pipelines and price rules, and what is kept of them.

`load_catalog` keeps all that a decision needs in memory, by a revision that every change of it
renews. The revision comes from a sequence, so that one that was rolled back never returns and what
a transaction saw of its own uncommitted changes is never taken for committed.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from takt.common.db import Tx
from takt.deals.domain.deal import PriceBook
from takt.deals.domain.gates import ApprovalRequired, Criterion, DocumentRequired, FieldRequired
from takt.deals.domain.pipeline import Pipeline, Stage
from takt.deals.domain.price import PriceRule, ProductPrice
from takt.deals.store.rows import fetch, fetch_maps, to_json


@dataclass(frozen=True, slots=True)
class Company:
    """The one company: `payment_days` are its usual terms."""

    name: str
    currency: str
    time_zone: str
    payment_days: int
    sequence: int

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What processes keep in memory: as it was at `revision`."""

    revision: int
    company: Company | None
    pipelines: Mapping[str, Pipeline]
    book: PriceBook


@dataclass(frozen=True, slots=True)
class Noun:
    """A table of things with a code: its columns and their types, without code and sequence."""

    table: str
    columns: Mapping[str, str]
    in_catalog: bool = False


AMOUNT, SHARE = "numeric(18,6)", "numeric(9,8)"
REGIONS = Noun("regions", {"name": "text", "parent": "text"})
TEAMS = Noun("teams", {"name": "text", "parent": "text", "region": "text"})
OWNERS = Noun("owners", {"name": "text", "team": "text"})
PRODUCTS = Noun(
    "products",
    {
        "name": "text",
        "family": "text",
        "unit": "text",
        "list_price": AMOUNT,
        "cost": AMOUNT,
        "active": "boolean",
    },
    in_catalog=True,
)
PIPELINES = Noun(
    "pipelines", {"name": "text", "stages": "jsonb", "transitions": "jsonb"}, in_catalog=True
)
PRICE_RULES = Noun(
    "price_rules",
    {
        "role": "text",
        "product": "text",
        "family": "text",
        "segment": "text",
        "account_id": "uuid",
        "pipeline": "text",
        "stage": "text",
        "maximum_discount": SHARE,
        "maximum_surcharge": "numeric(18,8)",
        "minimum_margin": AMOUNT,
        "minimum_gross_margin": SHARE,
        "contract_floor": AMOUNT,
        "maximum_payment_days": "int",
        "maximum_warranty_months": "int",
    },
    in_catalog=True,
)
PLACEHOLDERS = frozenset({"regions", "teams", "owners", "products"})

_kept: WeakKeyDictionary[AsyncEngine, Catalog] = WeakKeyDictionary()


async def catalog_revision(tx: Tx) -> int:
    """The revision of what is committed now."""
    [(revision,)] = await fetch(tx, "SELECT revision FROM catalog_revision")
    return int(revision)


async def load_catalog(tx: Tx, revision: int | None = None) -> Catalog:
    """The catalog, from memory while its revision stands.

    Args: revision: read together with something else; None reads it first.
    """
    if revision is None:
        revision = await catalog_revision(tx)
    kept = _kept.get(tx.engine)
    if kept is None or kept.revision != revision:
        kept = _kept[tx.engine] = await _read_catalog(tx, revision)
    return kept


async def _read_catalog(tx: Tx, revision: int) -> Catalog:
    pipelines = await fetch_maps(
        tx, "SELECT code, name, stages::text, transitions::text, sequence FROM pipelines"
    )
    products = await fetch(tx, "SELECT code, list_price, cost, family FROM products")
    rules = await fetch_maps(
        tx, f"SELECT code, {', '.join(PRICE_RULES.columns)} FROM price_rules ORDER BY code"
    )
    return Catalog(
        revision,
        await read_company(tx),
        {row["code"]: pipeline_of(row) for row in pipelines},
        PriceBook({row[0]: ProductPrice(*row) for row in products}, list(map(rule_of, rules))),
    )


async def renew_revision(tx: Tx) -> None:
    """Say that the catalog changed; every process reads it anew after the commit."""
    await tx.exec_driver_sql("UPDATE catalog_revision SET revision = nextval('catalog_revisions')")


async def read_company(tx: Tx) -> Company | None:
    """The company, None before the first data."""
    rows = await fetch(tx, "SELECT name, currency, time_zone, payment_days, sequence FROM company")
    return Company(*rows[0]) if rows else None


async def lock_company(tx: Tx) -> tuple[Company | None, bool]:
    """The company, held against concurrent changes, and whether there are deals or sales."""
    await tx.exec_driver_sql("SELECT revision FROM catalog_revision FOR UPDATE")
    [(in_use,)] = await fetch(tx, "SELECT EXISTS (SELECT FROM deals) OR EXISTS (SELECT FROM sales)")
    return await read_company(tx), bool(in_use)


async def save_company(tx: Tx, company: Company) -> None:
    """Write the company as it is now."""
    await tx.exec_driver_sql(
        "INSERT INTO company (name, currency, time_zone, payment_days, sequence)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " currency = excluded.currency, time_zone = excluded.time_zone,"
        " payment_days = excluded.payment_days, sequence = excluded.sequence",
        (
            company.name,
            company.currency,
            company.time_zone,
            company.payment_days,
            company.sequence,
        ),
    )
    await renew_revision(tx)


async def upsert(
    tx: Tx, noun: Noun, rows: Sequence[Mapping[str, Any]], *, keep_missing: bool = False
) -> dict[str, int]:
    """Write rows by code; returns the new sequence of those that changed, by code.

    Args: keep_missing: a column without a value stays as it is, instead of being emptied.
    """
    names = list(noun.columns)
    typed = ", ".join(f"{name} {kind}" for name, kind in noun.columns.items())
    new = {
        name: f"COALESCE(excluded.{name}, t.{name})" if keep_missing else f"excluded.{name}"
        for name in names
    }
    known = noun.table in PLACEHOLDERS
    changed = (
        f"({', '.join(f't.{name}' for name in names)}) IS DISTINCT FROM ({', '.join(new.values())})"
    )
    rows_changed = await fetch(
        tx,
        f"""
        INSERT INTO {noun.table} AS t (code, {", ".join(names)}, sequence)
        SELECT code, {", ".join(names)}, 1
        FROM json_to_recordset($1::json) AS given (code text, {typed}) ORDER BY code
        ON CONFLICT (code) DO UPDATE
        SET {", ".join(f"{name} = {value}" for name, value in new.items())},
            sequence = t.sequence + 1 {", placeholder = false" if known else ""}
        WHERE {changed} {"OR t.placeholder" if known else ""}
        RETURNING code, sequence
        """,
        to_json(rows),
    )
    sequences = {code: sequence for code, sequence in rows_changed}
    if sequences and noun.in_catalog:
        await renew_revision(tx)
    return sequences


async def add_placeholders(tx: Tx, noun: Noun, codes: Collection[str]) -> None:
    """Make room for things that something refers to and that nobody has described yet."""
    if not codes:
        return
    unit = ", unit" if noun is PRODUCTS else ""
    each = ", 'each'" if noun is PRODUCTS else ""
    added = await fetch(
        tx,
        f"INSERT INTO {noun.table} (code, name, sequence, placeholder{unit})"
        f" SELECT code, code, 0, true{each} FROM unnest($1::text[]) AS code"
        " ON CONFLICT DO NOTHING RETURNING code",
        sorted(codes),
    )
    if added and noun.in_catalog:
        await renew_revision(tx)


async def known_codes(tx: Tx, noun: Noun, codes: Collection[str]) -> set[str]:
    """Which of these are there, placeholders among them."""
    rows = await fetch(
        tx, f"SELECT code FROM {noun.table} WHERE code = ANY($1::text[])", sorted(codes)
    )
    return {code for (code,) in rows}


async def read_parents(tx: Tx, noun: Noun) -> dict[str, str | None]:
    """The parent of every region or team, held against concurrent changes of the table."""
    await tx.exec_driver_sql(f"LOCK TABLE {noun.table} IN SHARE ROW EXCLUSIVE MODE")
    rows = await fetch(tx, f"SELECT code, parent FROM {noun.table}")
    return {code: parent for code, parent in rows}


async def read_codes(
    tx: Tx, noun: Noun, *, codes: Collection[str] | None = None, after: str = "", limit: int = 1000
) -> list[dict[str, Any]]:
    """Rows by code, those asked for or a page of all, with their sequence."""
    return await fetch_maps(
        tx,
        f"SELECT code, {', '.join(noun.columns)}, sequence FROM {noun.table}"
        " WHERE ($1::text[] IS NULL OR code = ANY($1)) AND code > $2"
        " ORDER BY code LIMIT $3",
        None if codes is None else sorted(codes),
        after,
        limit,
    )


async def lock_code(tx: Tx, noun: Noun, code: str) -> int | None:
    """The sequence of a thing, held against concurrent changes; None when it is not there."""
    rows = await fetch(tx, f"SELECT sequence FROM {noun.table} WHERE code = $1 FOR UPDATE", code)
    return rows[0][0] if rows else None


async def stages_in_use(tx: Tx, pipeline: str) -> set[str]:
    """Stages of a pipeline in which deals stand."""
    rows = await fetch(tx, "SELECT DISTINCT stage FROM deals WHERE pipeline = $1", pipeline)
    return {stage for (stage,) in rows}


def pipeline_row(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline as its row."""
    return {
        "code": pipeline.code,
        "name": pipeline.name,
        "stages": [
            {
                "code": stage.code,
                "name": stage.name,
                "kind": stage.kind,
                "target_seconds": None if stage.target is None else stage.target.total_seconds(),
                "exit_criteria": [_criterion_row(one) for one in stage.exit_criteria],
            }
            for stage in pipeline.stages
        ],
        "transitions": sorted(pipeline.transitions),
    }


def pipeline_of(row: Mapping[str, Any]) -> Pipeline:
    """A pipeline from its row."""
    stages, transitions = (
        json.loads(row[name]) if isinstance(row[name], str) else row[name]
        for name in ("stages", "transitions")
    )
    return Pipeline(
        code=row["code"],
        name=row["name"],
        stages=tuple(
            Stage(
                stage["code"],
                stage["name"],
                stage["kind"],
                None
                if stage["target_seconds"] is None
                else timedelta(seconds=stage["target_seconds"]),
                tuple(map(_criterion_of, stage["exit_criteria"])),
            )
            for stage in stages
        ),
        transitions=frozenset((source, target) for source, target in transitions),
        revision=row["sequence"],
    )


def _criterion_row(criterion: Criterion) -> dict[str, str]:
    match criterion:
        case FieldRequired(field):
            return {"field": field}
        case DocumentRequired(document):
            return {"document": document}
        case ApprovalRequired(role):
            return {"approval": role}


def _criterion_of(row: Mapping[str, Any]) -> Criterion:
    if "field" in row:
        return FieldRequired(row["field"])
    if "document" in row:
        return DocumentRequired(row["document"])
    return ApprovalRequired(row["approval"])


def rule_of(row: Mapping[str, Any]) -> PriceRule:
    """A price rule from its row."""
    return PriceRule(
        code=row["code"],
        role=row["role"],
        product=row["product"],
        family=row["family"],
        segment=row["segment"],
        account=row["account_id"],
        stage=(row["pipeline"], row["stage"]) if row["pipeline"] is not None else None,
        maximum_discount=row["maximum_discount"],
        maximum_surcharge=row["maximum_surcharge"],
        minimum_margin=row["minimum_margin"],
        minimum_gross_margin=row["minimum_gross_margin"],
        contract_floor=row["contract_floor"],
        maximum_payment_days=row["maximum_payment_days"],
        maximum_warranty_months=row["maximum_warranty_months"],
    )


async def list_prices(tx: Tx) -> dict[str, Decimal]:
    """The list price of every product that has one."""
    catalog = await load_catalog(tx)
    return {
        code: product.list_price
        for code, product in catalog.book.products.items()
        if product.list_price is not None
    }


async def owner_regions(tx: Tx) -> dict[str, str]:
    """The region of every owner whose team has one."""
    rows = await fetch(
        tx,
        "SELECT o.code, t.region FROM owners o JOIN teams t ON t.code = o.team"
        " WHERE t.region IS NOT NULL",
    )
    return {owner: region for owner, region in rows}


async def region_codes(tx: Tx) -> frozenset[str]:
    """All regions."""
    rows = await fetch(tx, "SELECT code FROM regions")
    return frozenset(code for (code,) in rows)
