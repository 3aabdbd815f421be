"""Every query of finance."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from takt.common.db import Tx
from takt.supply_planning.domain.cash import Opening, WeekFlow
from takt.supply_planning.domain.cash_ledger import Ledger
from takt.supply_planning.domain.cash_sources import (
    DealState,
    OrderState,
    SaleState,
    SeriesState,
    SourceKey,
    SourceState,
)
from takt.supply_planning.domain.cash_terms import FixedPayment, PaymentTerms, TermsPolicy

Weeks = dict[date, WeekFlow]

_STATES: dict[str, TypeAdapter[Any]] = {
    "deal": TypeAdapter(DealState),
    "sale": TypeAdapter(SaleState),
    "order": TypeAdapter(OrderState),
    "series": TypeAdapter(SeriesState),
}
_FIXED_PAYMENTS = TypeAdapter(tuple[FixedPayment, ...])

_LEDGER = "SELECT *, fixed_payments::text AS fixed FROM cash_ledger"

_LOAD_SOURCES = """
SELECT kind, id, facts::text, weeks
FROM unnest($1::text[], $2::text[]) AS wanted (kind, id) JOIN cash_sources USING (kind, id)
"""

_SAVE = """
WITH said AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[])
        AS said (kind, id, facts, weeks, first_week, last_week)
), sources AS (
    INSERT INTO cash_sources (kind, id, facts, weeks, first_week, last_week)
    SELECT kind, id, facts::jsonb, weeks::jsonb, first_week, last_week FROM said
    ON CONFLICT (kind, id) DO UPDATE
    SET facts = excluded.facts, weeks = excluded.weeks,
        first_week = excluded.first_week, last_week = excluded.last_week
), weeks AS (
    INSERT INTO cash_weeks AS now
    SELECT * FROM unnest($7::date[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
    ON CONFLICT (week) DO UPDATE
    SET committed_receipts = now.committed_receipts + excluded.committed_receipts,
        committed_payments = now.committed_payments + excluded.committed_payments,
        expected_receipts = now.expected_receipts + excluded.expected_receipts,
        expected_payments = now.expected_payments + excluded.expected_payments
)
UPDATE cash_ledger
SET currency = $13, time_zone = $14, company_sequence = $15, opening_revision = $16,
    opening_on = $17, opening_balance = $18, minimum_balance = $19, terms_revision = $20,
    customers_net_days = $21, customers_end_of_month = $22, suppliers_end_of_month = $23,
    fixed_revision = $24, fixed_payments = $25::text::jsonb, projection_sequence = $26,
    projected_on = $27, shortfall_sequence = $28, shortfall_lowest = $29
WHERE code = $12
"""


async def lock_ledger(tx: Tx) -> Ledger:
    """The ledger, locked: whoever changes cash goes through here, one after the other."""
    rows = await tx.exec_driver_sql(f"{_LEDGER} FOR UPDATE")
    return _ledger(rows.mappings().one())


async def read_ledger(tx: Tx) -> Ledger:
    """The ledger as it stands."""
    rows = await tx.exec_driver_sql(_LEDGER)
    return _ledger(rows.mappings().one())


async def load_weeks(tx: Tx) -> Weeks:
    """The sums of all sources."""
    rows = await tx.exec_driver_sql("SELECT * FROM cash_weeks")
    return {row[0]: WeekFlow(*row[1:]) for row in rows}


async def load_sources(
    tx: Tx, keys: Collection[SourceKey]
) -> tuple[dict[SourceKey, SourceState], dict[SourceKey, Weeks]]:
    """The known among these sources, and what each adds to the weekly sums."""
    kinds, ids = [key.kind for key in keys], [key.id for key in keys]
    rows: Iterable[Any] = await tx.exec_driver_sql(_LOAD_SOURCES, (kinds, ids))
    states: dict[SourceKey, SourceState] = {}
    weeks: dict[SourceKey, Weeks] = {}
    for kind, identity, facts, flows in rows:
        key = SourceKey(kind, identity)
        states[key] = _STATES[kind].validate_json(facts)
        weeks[key] = {date.fromisoformat(week): WeekFlow(*flow) for week, flow in flows.items()}
    return states, weeks


async def load_sources_from(tx: Tx, week: date) -> dict[SourceKey, SourceState]:
    """Every source that moves cash in that week or later."""
    rows = await tx.exec_driver_sql(
        "SELECT kind, id, facts::text FROM cash_sources WHERE last_week >= $1", (week,)
    )
    return _states(rows)


async def load_sources_in(tx: Tx, week: date) -> dict[SourceKey, SourceState]:
    """Every source that moves cash in that week."""
    rows = await tx.exec_driver_sql(
        "SELECT kind, id, facts::text FROM cash_sources"
        " WHERE last_week >= $1 AND first_week <= $1 AND weeks ? $1::date::text",
        (week,),
    )
    return _states(rows)


async def load_all_sources(tx: Tx) -> dict[SourceKey, SourceState]:
    """Every source."""
    return _states(await tx.exec_driver_sql("SELECT kind, id, facts::text FROM cash_sources"))


async def clear_weeks(tx: Tx) -> None:
    """Forget the weekly sums, before all of them are saved anew."""
    await tx.exec_driver_sql("DELETE FROM cash_weeks")


async def save(
    tx: Tx,
    ledger: Ledger,
    sources: Mapping[SourceKey, tuple[SourceState, Weeks]],
    changes: Weeks,
) -> None:
    """Write the ledger, the changed sources with what they add now, and what that changes."""
    keys = sorted(sources)
    weeks = sorted(changes)
    opening = ledger.opening or Opening(date.min, 0, 0)
    await tx.exec_driver_sql(
        _SAVE,
        (
            [key.kind for key in keys],
            [key.id for key in keys],
            [_STATES[key.kind].dump_json(sources[key][0]).decode() for key in keys],
            [_weeks_json(sources[key][1]) for key in keys],
            [min(sources[key][1], default=None) for key in keys],
            [max(sources[key][1], default=None) for key in keys],
            weeks,
            *([changes[week][cell] for week in weeks] for cell in range(len(WeekFlow._fields))),
            ledger.code,
            ledger.currency,
            ledger.policy.time_zone,
            ledger.company_sequence,
            ledger.opening_revision,
            ledger.opening.on if ledger.opening else None,
            opening.balance,
            opening.minimum,
            ledger.terms_revision,
            ledger.policy.customers.net_days,
            ledger.policy.customers.end_of_month,
            ledger.policy.suppliers_end_of_month,
            ledger.fixed_revision,
            _FIXED_PAYMENTS.dump_json(ledger.fixed_payments).decode(),
            ledger.projection_sequence,
            ledger.projected_on,
            ledger.shortfall_sequence,
            ledger.shortfall_lowest,
        ),
    )


def _weeks_json(weeks: Weeks) -> str:
    return json.dumps({week.isoformat(): flow for week, flow in weeks.items()})


def _states(rows: Iterable[Any]) -> dict[SourceKey, SourceState]:
    return {
        SourceKey(kind, identity): _STATES[kind].validate_json(facts)
        for kind, identity, facts in rows
    }


def _ledger(row: Mapping[Any, Any]) -> Ledger:
    opening = None
    if row["opening_on"] is not None:
        opening = Opening(row["opening_on"], row["opening_balance"], row["minimum_balance"])
    return Ledger(
        code=row["code"],
        currency=row["currency"],
        company_sequence=row["company_sequence"],
        opening_revision=row["opening_revision"],
        opening=opening,
        terms_revision=row["terms_revision"],
        policy=TermsPolicy(
            PaymentTerms(row["customers_net_days"], row["customers_end_of_month"]),
            row["suppliers_end_of_month"],
            row["time_zone"],
        ),
        fixed_revision=row["fixed_revision"],
        fixed_payments=_FIXED_PAYMENTS.validate_json(row["fixed"]),
        projection_sequence=row["projection_sequence"],
        projected_on=row["projected_on"],
        shortfall_sequence=row["shortfall_sequence"],
        shortfall_lowest=row["shortfall_lowest"],
    )
