"""Company, products, regions, teams, owners, price rules, accounts."""

from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from takt.common.amounts import Code, Currency
from takt.common.http import RequestModel
from takt.deals.schemas.values import AmountOrZero, Days, Limit, Months, PositiveAmount, Text


class CompanyIn(RequestModel):
    """The company; currency and time zone are fixed with the first deal or sale."""

    name: Text
    currency: Currency
    time_zone: Annotated[str, Field(max_length=100)]
    payment_days: Days = 30


class CompanyOut(CompanyIn):
    """The company as it is."""

    sequence: int


class ProductIn(RequestModel):
    """A product: list price and cost per base unit, in the company's currency."""

    name: Text
    family: Code | None = None
    unit: Code = "each"
    list_price: PositiveAmount
    cost: AmountOrZero | None = None
    active: bool = True


class RegionIn(RequestModel):
    """A region, inside another or at the top."""

    name: Text
    parent: Code | None = None


class TeamIn(RequestModel):
    """A team in a region, inside another team or at the top."""

    name: Text
    parent: Code | None = None
    region: Code | None = None


class OwnerIn(RequestModel):
    """Somebody who owns deals, in a team."""

    name: Text
    team: Code | None = None


class PriceRuleIn(RequestModel):
    """Limits for lines that match every scope named; shares of list in [0, 1), margins a unit."""

    role: Code
    product: Code | None = None
    family: Code | None = None
    segment: Code | None = None
    account_id: UUID | None = None
    pipeline: Code | None = None
    stage: Code | None = None
    maximum_discount: Limit | None = None
    maximum_surcharge: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=8)] | None = None
    minimum_margin: AmountOrZero | None = None
    minimum_gross_margin: Limit | None = None
    contract_floor: AmountOrZero | None = None
    maximum_payment_days: Days | None = None
    maximum_warranty_months: Months | None = None

    @model_validator(mode="after")
    def _stage_of_a_pipeline(self) -> Self:
        if (self.pipeline is None) != (self.stage is None):
            raise ValueError("give pipeline and stage together")
        return self


class AccountIn(RequestModel):
    """A customer, by its source's id where it has one."""

    external_id: Code
    source: Code = "takt"
    name: Text
    sector: Code | None = None
    segment: Code | None = None
    region: Code | None = None
    payment_days: Days | None = None


class AccountPatch(RequestModel):
    """What to change of an account; fields left out stay, null empties."""

    name: Text | None = None
    sector: Code | None = None
    segment: Code | None = None
    region: Code | None = None
    payment_days: Days | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        if "name" in self.model_fields_set and self.name is None:
            raise ValueError("name cannot be emptied")
        return self


class Coded(RequestModel):
    """A row of a bulk upsert: the thing's code beside its fields."""

    code: Code


class ProductRow(ProductIn, Coded):
    """A product with its code."""


class RegionRow(RegionIn, Coded):
    """A region with its code."""


class TeamRow(TeamIn, Coded):
    """A team with its code."""


class OwnerRow(OwnerIn, Coded):
    """An owner with its code."""


class PriceRuleRow(PriceRuleIn, Coded):
    """A price rule with its code."""
