"""What the names in a batch of deals or sales stand for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from takt.common.db import Tx
from takt.deals.store.rows import fetch


@dataclass(frozen=True, slots=True)
class References:
    """What names in a batch of deals or sales stand for."""

    owners: frozenset[str]
    regions: frozenset[str]
    owner_teams: Mapping[str, str | None]
    owner_regions: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class AccountReference:
    """What a deal takes from its account."""

    id: UUID
    segment: str | None
    region: str | None
    payment_days: int | None


async def read_references(tx: Tx, owners: Iterable[str], regions: Iterable[str]) -> References:
    """Which of these owners and regions are there, and the owners' teams with their regions."""
    rows = await fetch(
        tx,
        "SELECT 'owner', o.code, o.team, t.region FROM owners o"
        " LEFT JOIN teams t ON t.code = o.team WHERE o.code = ANY($1::text[])"
        " UNION ALL SELECT 'region', code, NULL, NULL FROM regions WHERE code = ANY($2::text[])",
        sorted(set(owners)),
        sorted(set(regions)),
    )
    people = [row for row in rows if row[0] == "owner"]
    return References(
        owners=frozenset(row[1] for row in people),
        regions=frozenset(row[1] for row in rows if row[0] == "region"),
        owner_teams={row[1]: row[2] for row in people},
        owner_regions={row[1]: row[3] for row in people},
    )


async def read_accounts(
    tx: Tx, names: Collection[str], ids: Collection[UUID] = ()
) -> tuple[dict[str, AccountReference], dict[UUID, AccountReference]]:
    """Accounts by external id or, where none has it, by name; and by id."""
    if not names and not ids:
        return {}, {}
    rows = await fetch(
        tx,
        "SELECT id, external_id, name, segment, region, payment_days FROM accounts"
        " WHERE external_id = ANY($1::text[]) OR name = ANY($1::text[]) OR id = ANY($2::uuid[])"
        " ORDER BY id",
        sorted(names),
        sorted(ids),
    )
    references = {row.id: AccountReference(row[0], row[3], row[4], row[5]) for row in rows}
    by_name = {row.name: references[row.id] for row in rows}
    by_external = {row.external_id: references[row.id] for row in rows if row.external_id}
    return {**by_name, **by_external}, references


async def read_labels(tx: Tx, products: Collection[str]) -> dict[str, tuple[str, str]]:
    """Name and unit of each of these products."""
    rows = await fetch(
        tx,
        "SELECT code, name, unit FROM products WHERE code = ANY($1::text[])",
        sorted(products),
    )
    return {code: (name, unit) for code, name, unit in rows}


async def join_teams(tx: Tx, teams: Mapping[str, str | None]) -> None:
    """Put owners of whom no team is known into the teams that a statement names."""
    if teams:
        await fetch(
            tx,
            "UPDATE owners o SET team = g.team FROM unnest($1::text[], $2::text[])"
            " AS g (code, team) WHERE o.code = g.code AND o.team IS NULL",
            list(teams),
            list(teams.values()),
        )
