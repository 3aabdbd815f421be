"""A small company to try things on, and deals in it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import Cause
from takt.deals.domain.deal import Deal
from takt.deals.service.catalog import (
    begin_with_default_pipeline,
    put_accounts,
    put_many,
    set_company,
)
from takt.deals.service.drafts import DealDraft, DocumentDraft, LineDraft
from takt.deals.service.upserts import open_deal
from takt.deals.store.catalog import OWNERS, PRICE_RULES, PRODUCTS, REGIONS, TEAMS, Company

CAUSE = Cause.start()
BY = "desk"


async def set_up(tx: Tx) -> UUID:
    """Company, two products, a region, a team and an owner; returns the account's id."""
    await begin_with_default_pipeline(tx)
    company = Company("Kestrel", "EUR", "Europe/Berlin", 30, 1)
    await set_company(tx, company, expected=None, exists_only=False, cause=CAUSE)
    await put_many(tx, REGIONS, [{"code": "north", "name": "North"}], cause=CAUSE)
    team = {"code": "pumps", "name": "Pumps", "region": "north"}
    await put_many(tx, TEAMS, [team], cause=CAUSE)
    await put_many(tx, OWNERS, [{"code": "ann", "name": "Ann", "team": "pumps"}], cause=CAUSE)
    await put_many(tx, PRODUCTS, [product("pump", 100, 20), product("valve", 10, 4)], cause=CAUSE)
    [account] = await put_accounts(tx, [account_row("acme")], cause=CAUSE)
    return UUID(str(account["id"]))


def product(code: str, list_price: int, cost: int) -> dict[str, Any]:
    return {
        "code": code,
        "name": code.title(),
        "family": "machines",
        "unit": "each",
        "list_price": list_price,
        "cost": cost,
        "active": True,
    }


def account_row(external_id: str) -> dict[str, Any]:
    return {
        "source": "crm",
        "external_id": external_id,
        "name": external_id.title(),
        "sector": None,
        "segment": None,
        "region": "north",
        "payment_days": 45,
    }


def line(price: str = "100", quantity: str = "5", product: str = "pump", **more: Any) -> LineDraft:
    return LineDraft(product, Decimal(quantity), Decimal(price), **more)


async def new_deal(tx: Tx, account: UUID | None, now: datetime, **more: Any) -> Deal:
    fields: dict[str, Any] = {
        "cause": CAUSE,
        "by": BY,
        "name": "Five pumps",
        "account_id": account,
        "owner": "ann",
        "lines": (line(),),
        "documents": (DocumentDraft("requirements", "Requirements"),),
    }
    return await open_deal(tx, DealDraft(**{**fields, **more}), now)


async def price_floor(tx: Tx, **more: Any) -> None:
    rule = {
        "code": "usual",
        "role": "sales-manager",
        "product": None,
        "family": None,
        "segment": None,
        "account_id": None,
        "pipeline": None,
        "stage": None,
        "maximum_discount": Decimal("0.35"),
        "maximum_surcharge": None,
        "minimum_margin": Decimal(60),
        "minimum_gross_margin": None,
        "contract_floor": None,
        "maximum_payment_days": 60,
        "maximum_warranty_months": None,
    }
    await put_many(tx, PRICE_RULES, [{**rule, **more}], cause=CAUSE)
