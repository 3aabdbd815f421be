"""Accounts: customers, by our id and by the id that their source gives them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import new_id
from takt.deals.store.rows import fetch, fetch_maps, to_json

COLUMNS = {
    "name": "text",
    "sector": "text",
    "segment": "text",
    "region": "text",
    "payment_days": "int",
}

_GIVEN = f"""
SELECT id, source, external_id, {", ".join(COLUMNS)}, 1 FROM json_to_recordset($1::json) AS given
    (id uuid, source text, external_id text,
     {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
"""


async def upsert_accounts(
    tx: Tx,
    rows: Sequence[Mapping[str, Any]],
    *,
    keep_missing: bool = False,
    only_new: bool = False,
) -> list[dict[str, Any]]:
    """Write accounts by source and external id; returns those that changed, as they are now.

    Args: keep_missing: a column without a value stays as it is, instead of being emptied;
        only_new: an account that is there stays as it is, whoever added it meanwhile.
    """
    new = {
        name: f"COALESCE(excluded.{name}, t.{name})" if keep_missing else f"excluded.{name}"
        for name in COLUMNS
    }
    return await fetch_maps(
        tx,
        f"""
        INSERT INTO accounts AS t (id, source, external_id, {", ".join(COLUMNS)}, sequence)
        {_GIVEN} ORDER BY source, external_id
        ON CONFLICT (source, external_id) DO UPDATE
        SET {", ".join(f"{name} = {value}" for name, value in new.items())},
            sequence = t.sequence + 1, placeholder = false
        WHERE NOT {only_new} AND (({", ".join(f"t.{name}" for name in COLUMNS)})
            IS DISTINCT FROM ({", ".join(new.values())}) OR t.placeholder)
        RETURNING id, source, external_id, {", ".join(COLUMNS)}, sequence
        """,
        to_json({"id": new_id(), **row} for row in rows),
    )


async def change_account(tx: Tx, row: Mapping[str, Any], sequence: int) -> None:
    """Write an account that was locked."""
    await fetch(
        tx,
        f"UPDATE accounts a SET {', '.join(f'{name} = g.{name}' for name in COLUMNS)},"
        " sequence = $2, placeholder = false FROM json_to_recordset($1::json) AS g"
        f" (id uuid, {', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"
        " WHERE a.id = g.id",
        to_json([row]),
        sequence,
    )


async def add_account_placeholders(tx: Tx, keys: Collection[tuple[str, str]]) -> None:
    """Make room for accounts that something names and that nobody has described yet."""
    if keys:
        ordered = sorted(keys)
        await fetch(
            tx,
            "INSERT INTO accounts (id, source, external_id, name, sequence, placeholder)"
            " SELECT id, source, external_id, external_id, 0, true"
            " FROM unnest($1::uuid[], $2::text[], $3::text[]) AS g (id, source, external_id)"
            " ON CONFLICT DO NOTHING",
            [new_id() for _ in ordered],
            [source for source, _ in ordered],
            [external_id for _, external_id in ordered],
        )


async def page_accounts(
    tx: Tx,
    *,
    ids: Collection[UUID] | None = None,
    external_id: str | None = None,
    after: UUID | None = None,
    limit: int = 100,
    lock: bool = False,
) -> list[dict[str, Any]]:
    """A page of accounts by id."""
    return await fetch_maps(
        tx,
        f"SELECT id, source, external_id, {', '.join(COLUMNS)}, sequence, placeholder"
        " FROM accounts WHERE ($1::uuid[] IS NULL OR id = ANY($1))"
        " AND ($2::text IS NULL OR external_id = $2) AND ($3::uuid IS NULL OR id > $3)"
        f" ORDER BY id LIMIT $4 {'FOR UPDATE' if lock else ''}",
        None if ids is None else list(ids),
        external_id,
        after,
        limit,
    )


async def account_ids(tx: Tx) -> frozenset[str]:
    """External ids and names of all accounts."""
    rows = await fetch(tx, "SELECT external_id, name FROM accounts")
    return frozenset(text for row in rows for text in row if text is not None)
