"""Deals: read whole in one statement, written whole in one statement together with their events.

No row is locked while a decision is taken. A write names the sequence that it was decided on and
changes nothing where the deal has moved on since; the use case then decides anew on what stands.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.common import outbox
from takt.common.db import EMITTED, SOURCE, Tx
from takt.common.event import Cause, Event, seal
from takt.deals.domain.deal import Deal, Line
from takt.deals.domain.history import Entry
from takt.deals.domain.price import Approval, Offer, Terms
from takt.deals.store.rows import fetch, from_json, to_json

DEAL = """
SELECT d.id, d.source, d.external_id, d.name, d.owner, o.team, d.region, d.pipeline, d.stage,
    d.status, d.opened_at, d.closed_at, d.account_id, a.segment, a.payment_days AS account_days,
    d.expected_close, d.payment_days, d.warranty_months, d.manual_probability, d.reason,
    d.competitor, d.imported, d.sequence, d.source_sequence, d.changed_by,
    (SELECT revision FROM catalog_revision) AS revision,
    (SELECT json_agg(json_build_array(l.id, l.product, l.quantity::text, l.price::text,
        l.requested_date, l.reference) ORDER BY l.position)::text
     FROM deal_lines l WHERE l.deal_id = d.id) AS lines,
    ARRAY(SELECT kind FROM deal_documents k WHERE k.deal_id = d.id) AS documents,
    (SELECT json_agg(json_build_array(p.id, p.role, p.offers, p.payment_days, p.warranty_months,
        p.expires_at))::text
     FROM approvals p WHERE p.deal_id = d.id AND p.voided_at IS NULL) AS approvals,
    (SELECT json_agg(json_build_array(e.number, e.stage, e.entered_at, e.imported)
        ORDER BY e.number)::text
     FROM stage_entries e WHERE e.deal_id = d.id) AS entries
FROM deals d JOIN owners o ON o.code = d.owner LEFT JOIN accounts a ON a.id = d.account_id
"""

SAID = """
said AS (
    SELECT u.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[],
        $8::text[]) WITH ORDINALITY
        AS u (event_id, topic, key, type, headers, body, links, place)
    JOIN written w ON w.id::text = u.key
), kept AS (
    INSERT INTO outbox (event_id, topic, key, type, headers, body, links)
    SELECT event_id, topic, key, type, headers, body, links::uuid[] FROM said
), queued AS (
    INSERT INTO outbox_unsent (event_id) SELECT event_id FROM said ORDER BY place
)
SELECT id FROM written
"""

ENTER = """
entered AS (
    INSERT INTO stage_entries (deal_id, number, stage, entered_at, imported, changed_by)
    SELECT w.id, e.number, e.stage, e.entered_at, e.imported, g.changed_by
    FROM written w JOIN given g ON g.id = w.id, json_to_recordset(g.entries)
        AS e (number int, stage text, entered_at timestamptz, imported boolean)
)
"""

STAND = """
held AS (
    SELECT d.id FROM deals d JOIN given g ON g.id = d.id AND g.sequence = d.sequence + 1
    ORDER BY d.id FOR UPDATE OF d
)
"""

MOVE = f"""
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS given (id uuid, stage text, status text,
        stage_entered_at timestamptz, closed_at timestamptz, reason text, competitor text,
        changed_by text, sequence bigint, entries json)
), {STAND}, written AS (
    UPDATE deals d SET stage = g.stage, status = g.status, closed_at = g.closed_at,
        stage_entered_at = g.stage_entered_at, reason = g.reason, competitor = g.competitor,
        changed_by = g.changed_by, sequence = g.sequence
    FROM held h JOIN given g USING (id) WHERE d.id = h.id RETURNING d.id
), {ENTER}, {SAID}
"""

COLUMNS = {
    "name": "text",
    "account_id": "uuid",
    "owner": "text",
    "region": "text",
    "pipeline": "text",
    "stage": "text",
    "status": "text",
    "opened_at": "timestamptz",
    "stage_entered_at": "timestamptz",
    "closed_at": "timestamptz",
    "expected_close": "date",
    "payment_days": "int",
    "warranty_months": "int",
    "manual_probability": "numeric(9,8)",
    "reason": "text",
    "competitor": "text",
    "imported": "boolean",
    "changed_by": "text",
    "sequence": "bigint",
    "source_sequence": "bigint",
}
IDENTITY = {"id": "uuid", "source": "text", "external_id": "text"}
CONTENT = {"valid_from": "timestamptz", "value": "numeric", "lines": "json", "entries": "json"}

GIVEN = f"""
given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS given (
        {", ".join(f"{name} {kind}" for name, kind in {**IDENTITY, **COLUMNS, **CONTENT}.items())},
        voided json)
)
"""

KEEP_CONTENT = """
lines AS (
    INSERT INTO deal_lines (id, deal_id, position, reference, product, quantity, price,
        requested_date)
    SELECT l.id, w.id, l.position, l.reference, l.product, l.quantity, l.price, l.requested_date
    FROM written w JOIN given g ON g.id = w.id, json_to_recordset(g.lines)
        AS l (id uuid, position int, reference text, product text, quantity numeric(18,6),
            price numeric(18,6), requested_date date)
    ON CONFLICT (deal_id, id) DO UPDATE SET position = excluded.position,
        reference = excluded.reference, product = excluded.product, quantity = excluded.quantity,
        price = excluded.price, requested_date = excluded.requested_date
), revised AS (
    INSERT INTO deal_revisions (deal_id, sequence, valid_from, owner, account_id, region,
        expected_close, value, lines, changed_by)
    SELECT g.id, g.sequence, g.valid_from, g.owner, g.account_id, g.region, g.expected_close,
        g.value, g.lines::jsonb, g.changed_by
    FROM written w JOIN given g ON g.id = w.id
)
"""

OPEN = f"""
WITH {GIVEN}, written AS (
    INSERT INTO deals ({", ".join([*IDENTITY, *COLUMNS])})
    SELECT {", ".join([*IDENTITY, *COLUMNS])} FROM given ORDER BY source, external_id, id
    ON CONFLICT DO NOTHING RETURNING id
), {KEEP_CONTENT}, {ENTER}, {SAID}
"""

CHANGE = f"""
WITH {GIVEN}, {STAND}, written AS (
    UPDATE deals d SET {", ".join(f"{name} = g.{name}" for name in COLUMNS)}
    FROM held h JOIN given g USING (id) WHERE d.id = h.id RETURNING d.id
), gone AS (
    DELETE FROM deal_lines l USING written w, given g
    WHERE l.deal_id = w.id AND g.id = w.id AND l.id NOT IN (
        SELECT (line ->> 'id')::uuid FROM json_array_elements(g.lines) AS line)
), voided AS (
    UPDATE approvals a SET voided_at = g.valid_from FROM written w, given g
    WHERE a.deal_id = w.id AND g.id = w.id AND a.id IN (
        SELECT value::uuid FROM json_array_elements_text(g.voided))
), {KEEP_CONTENT}, {ENTER}, {SAID}
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A deal as it stands, the catalog's revision in the same snapshot, and its source's count.

    `changed_by` is who changed it last, where that was kept.
    """

    deal: Deal
    revision: int
    source_sequence: int | None
    changed_by: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """A deal to be written and what is said of it.

    `by` is the name of the key that changes it, or the source that told of it, `since` is how many
    entries of its history are stored already, `valid_from` from when its content holds,
    `voided` the approvals that the change makes void.
    """

    deal: Deal
    event: Event
    cause: Cause
    by: str
    since: int
    valid_from: datetime
    voided: tuple[UUID, ...] = ()
    source_sequence: int | None = None


async def read_deals(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Stored]:
    """Deals by id, each as of one instant."""
    rows = await fetch(tx, f"{DEAL} WHERE d.id = ANY($1::uuid[])", list(ids))
    return {row.id: _stored(row) for row in rows}


async def read_external(tx: Tx, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """Deals by source and external id."""
    rows = await fetch(
        tx,
        f"{DEAL} JOIN unnest($1::text[], $2::text[]) AS k (source, external_id)"
        " ON k.source = d.source AND k.external_id = d.external_id",
        [source for source, _ in keys],
        [external_id for _, external_id in keys],
    )
    return {(row.source, row.external_id): _stored(row) for row in rows}


async def deals_of_lines(tx: Tx, lines: Collection[UUID]) -> dict[UUID, UUID]:
    """The deal of each of these lines that is there."""
    rows = await fetch(
        tx, "SELECT id, deal_id FROM deal_lines WHERE id = ANY($1::uuid[])", list(lines)
    )
    return {line: deal for line, deal in rows}


async def write_moves(tx: Tx, moves: Sequence[Written]) -> set[UUID]:
    """Write moves and their events; returns the deals that had not moved on since."""
    return await _write(tx, MOVE, [_move_row(move) for move in moves], moves)


async def write_changes(tx: Tx, changes: Sequence[Written]) -> set[UUID]:
    """Write whole deals and their events; returns those that had not moved on since."""
    return await _write(tx, CHANGE, [_row(change) for change in changes], changes)


async def write_new(tx: Tx, deals: Sequence[Written]) -> set[UUID]:
    """Write new deals and their events; returns those whose external id was not taken."""
    return await _write(tx, OPEN, [_row(deal) for deal in deals], deals)


async def _write(
    tx: Tx, statement: str, rows: Iterable[Mapping[str, Any]], written: Sequence[Written]
) -> set[UUID]:
    if not written:
        return set()
    envelopes = seal([(one.event, one.cause) for one in written], tx.info[SOURCE])
    found = await fetch(tx, statement, to_json(rows), *outbox.columns(envelopes))
    if found:
        tx.info[EMITTED] = True
    return {identity for (identity,) in found}


def _move_row(move: Written) -> dict[str, Any]:
    deal = move.deal
    return {
        "id": deal.id,
        "stage": deal.stage,
        "status": deal.status,
        "stage_entered_at": deal.entered_at,
        "closed_at": deal.closed_at,
        "reason": deal.reason,
        "competitor": deal.competitor,
        "changed_by": move.by,
        "sequence": deal.sequence,
        "entries": _entry_rows(move),
    }


def _row(written: Written) -> dict[str, Any]:
    deal = written.deal
    return {
        **_move_row(written),
        "source": deal.source,
        "external_id": deal.external_id,
        "name": deal.name,
        "account_id": deal.account,
        "owner": deal.owner,
        "region": deal.region,
        "pipeline": deal.pipeline,
        "opened_at": deal.opened_at,
        "expected_close": deal.expected_close,
        "payment_days": deal.terms.payment_days,
        "warranty_months": deal.terms.warranty_months,
        "manual_probability": deal.manual_probability,
        "imported": deal.imported,
        "source_sequence": written.source_sequence,
        "valid_from": written.valid_from,
        "value": deal.value,
        "lines": [
            {
                "id": line.offer.line,
                "position": position,
                "reference": line.reference,
                "product": line.offer.product,
                "quantity": line.offer.quantity,
                "price": line.offer.price,
                "requested_date": line.requested,
            }
            for position, line in enumerate(deal.lines)
        ],
        "voided": written.voided,
    }


def _entry_rows(written: Written) -> list[dict[str, Any]]:
    return [
        {
            "number": entry.number,
            "stage": entry.stage,
            "entered_at": entry.entered_at,
            "imported": entry.imported,
        }
        for entry in written.deal.entries[written.since :]
    ]


def _stored(row: Any) -> Stored:
    entries = from_json(row.entries)
    deal = Deal(
        id=row.id,
        name=row.name,
        owner=row.owner,
        team=row.team,
        region=row.region,
        pipeline=row.pipeline,
        stage=row.stage,
        status=row.status,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        source=row.source,
        external_id=row.external_id,
        account=row.account_id,
        segment=row.segment,
        account_payment_days=row.account_days,
        expected_close=row.expected_close,
        terms=Terms(row.payment_days, row.warranty_months),
        manual_probability=row.manual_probability,
        reason=row.reason,
        competitor=row.competitor,
        imported=row.imported,
        sequence=row.sequence,
        documents=frozenset(row.documents),
        lines=tuple(
            Line(
                Offer(UUID(line), product, Decimal(quantity), Decimal(price)),
                None if day is None else date.fromisoformat(day),
                reference,
            )
            for line, product, quantity, price, day, reference in from_json(row.lines)
        ),
        approvals=tuple(
            Approval(
                UUID(identity),
                role,
                frozenset(map(offer_of, offers)),
                Terms(days, months),
                datetime.fromisoformat(expires_at),
            )
            for identity, role, offers, days, months, expires_at in from_json(row.approvals)
        ),
        entries=tuple(
            Entry(number, stage, datetime.fromisoformat(entered_at), imported)
            for number, stage, entered_at, imported in entries
        ),
    )
    return Stored(deal, row.revision, row.source_sequence, row.changed_by)


def offer_of(row: Mapping[str, str]) -> Offer:
    """An offer from its JSON."""
    return Offer(UUID(row["line"]), row["product"], Decimal(row["quantity"]), Decimal(row["price"]))
