"""Wire shapes of proposed safety stock."""

from pydantic import BaseModel

from takt.common.amounts import Code, Probability, Quantity, Share, Sum
from takt.supply_planning.domain.safety_stock import Method


class ServedSeries(BaseModel):
    """A product in a region, and what the site serves of it."""

    product: Code
    region: Code
    share: Share


class SafetyStockProposal(BaseModel):
    """What to keep of an item at a site: `factor` x `deviation`, rounded up.

    `method` says what the deviation is of: `forecast_error`, that of the demand of lead time and
    review together; `sales`, weekly sales, where no error is measured; `plan`, weekly planned
    demand, where nothing is sold of it by itself.
    """

    item: Code
    site: Code
    safety_stock: Quantity
    """What is kept now."""
    proposed: Quantity
    service_level: Probability | None
    fill_rate: Probability | None
    """What is asked for; without both, 0.95 of cycles."""
    reached_service_level: Probability
    reached_fill_rate: Probability
    factor: Sum
    deviation: Sum
    method: Method
    lead_weeks: int
    review_weeks: int
    weekly_demand: Sum
    lead_deviation_weeks: Sum
    """Of deliveries from their dates; 0 where fewer than 5 came."""
    series: tuple[ServedSeries, ...]
    reason: str
