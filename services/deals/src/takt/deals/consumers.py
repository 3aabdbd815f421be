"""Which events go to which use case."""

from takt.common.bus.consumer import Consumer
from takt.common.contracts.forecast import PipelineDemandChanged
from takt.common.contracts.inbound import InboundDeal, InboundSale
from takt.deals.service.inbound import INBOUND, keep_sales, take_deals
from takt.deals.service.probabilities import keep_probabilities

CONSUMERS = (
    Consumer(
        INBOUND,
        {
            InboundDeal: take_deals,
            InboundSale: keep_sales,
        },
    ),
    Consumer("deals", {PipelineDemandChanged: keep_probabilities}, rest=0.2),
)
