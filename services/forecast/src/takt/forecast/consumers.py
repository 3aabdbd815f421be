"""What the forecast service follows: event type to use case."""

from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import (
    DEAL_EVENTS,
    SALE_EVENTS,
    CompanyChanged,
    ProductChanged,
    RegionChanged,
)
from takt.forecast.service.follow_catalog import follow_company, follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand

CONSUMERS = (
    Consumer(
        "forecast",
        {
            CompanyChanged: follow_company,
            ProductChanged: follow_products,
            RegionChanged: follow_regions,
            **dict.fromkeys((*DEAL_EVENTS, *SALE_EVENTS), follow_demand),
        },
    ),
)
