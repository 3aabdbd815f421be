"""What the names in a statement stand for: accounts, owners, regions, products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from takt.common.db import Tx
from takt.deals.domain.refusal import Refusal
from takt.deals.service.problems import UnknownReference
from takt.deals.store.accounts import add_account_placeholders
from takt.deals.store.catalog import (
    OWNERS,
    PRODUCTS,
    REGIONS,
    TEAMS,
    Catalog,
    add_placeholders,
)
from takt.deals.store.references import (
    AccountReference,
    References,
    join_teams,
    read_accounts,
    read_references,
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names in one statement; `account` is an external id or a name."""

    source: str | None = None
    account: str | None = None
    account_id: UUID | None = None
    owner: str | None = None
    team: str | None = None
    region: str | None = None
    products: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is known of the names of a batch."""

    references: References
    accounts: Mapping[str, AccountReference]
    accounts_by_id: Mapping[UUID, AccountReference]

    def account(self, names: Names) -> AccountReference | None:
        """The account that a statement names."""
        if names.account_id is not None:
            return self.accounts_by_id.get(names.account_id)
        return self.accounts.get(names.account) if names.account is not None else None

    def team(self, owner: str | None) -> str | None:
        """The owner's team."""
        return self.references.owner_teams.get(owner) if owner is not None else None

    def region(self, owner: str | None) -> str | None:
        """The region of the owner's team."""
        return self.references.owner_regions.get(owner) if owner is not None else None

    def check(self, names: Names, catalog: Catalog) -> None:
        """Refuse names that stand for nothing, all of them at once. Raises UnknownReference."""
        refusals = [
            Refusal("unknown-product", "product", code, "Add it with PUT /v1/products/{code}.")
            for code in sorted(names.products - catalog.book.products.keys())
        ]
        if names.owner is not None and names.owner not in self.references.owners:
            remedy = "Add the owner with PUT /v1/owners/{code}."
            refusals.append(Refusal("unknown-owner", "owner", names.owner, remedy))
        if names.region is not None and names.region not in self.references.regions:
            remedy = "Add the region with PUT /v1/regions/{code}."
            refusals.append(Refusal("unknown-region", "region", names.region, remedy))
        named = names.account_id or names.account
        if named is not None and self.account(names) is None:
            field = "account" if names.account_id is None else "account_id"
            remedy = "Add the account with POST /v1/accounts."
            refusals.append(Refusal("unknown-account", field, str(named), remedy))
        if refusals:
            raise UnknownReference.of(refusals)


async def resolve(tx: Tx, names: Sequence[Names], *, placeholders: bool) -> Resolved:
    """Look up the names of a batch, in two statements.

    Args: placeholders: first make room for what is not there yet, completed when it comes.
    """
    owners = {one.owner for one in names if one.owner is not None}
    regions = {one.region for one in names if one.region is not None}
    accounts = {one.account for one in names if one.account is not None}
    ids = {one.account_id for one in names if one.account_id is not None}
    if placeholders:
        await add_placeholders(tx, REGIONS, regions)
        await add_placeholders(tx, OWNERS, owners)
        teams = {one.owner: one.team for one in names if one.owner and one.team}
        await add_placeholders(tx, TEAMS, {team for team in teams.values() if team})
        await join_teams(tx, teams)
        products = frozenset[str]().union(*(one.products for one in names))
        await add_placeholders(tx, PRODUCTS, products)
        known, _ = await read_accounts(tx, accounts)
        missing = {
            (one.source or "takt", one.account)
            for one in names
            if one.account is not None and one.account not in known
        }
        await add_account_placeholders(tx, missing)
    by_name, by_id = await read_accounts(tx, accounts, ids)
    return Resolved(await read_references(tx, owners, regions), by_name, by_id)
