"""What the forecast service follows: event type to use case."""

from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import (
    DEAL_EVENTS,
    SALE_EVENTS,
    CompanyChanged,
    ProductChanged,
    RegionChanged,
)
from takt.common.contracts.inbound import InboundSignal
from takt.forecast.service.follow_catalog import follow_company, follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.inbound_signals import take_signals

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
    Consumer("forecast-inbound", {InboundSignal: take_signals}),
)
