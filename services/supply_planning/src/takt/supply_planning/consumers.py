"""What procurement does about what it hears."""

from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import (
    CompanyChanged,
    ProductChanged,
    RegionChanged,
    SaleClosed,
    SaleCorrected,
    SaleReturned,
    SaleShipped,
)
from takt.common.contracts.forecast import (
    ForecastChanged,
    ForecastVersionPublished,
    PipelineDemandChanged,
    SignalRecorded,
    SignalWithdrawn,
)
from takt.common.contracts.inbound import InboundPurchaseOrder
from takt.supply_planning.service.define import receive_company, receive_products
from takt.supply_planning.service.purchase_orders import receive_answers
from takt.supply_planning.service.receive_behind import (
    receive_deals,
    receive_families,
    receive_regions,
    receive_signals,
    receive_versions,
)
from takt.supply_planning.service.receive_forecasts import receive_forecasts
from takt.supply_planning.service.receive_sales import receive_sales

PROCUREMENT_CONSUMER = Consumer(
    "takt.procurement",
    {
        CompanyChanged: receive_company,
        ProductChanged: receive_products,
        SaleClosed: receive_sales,
        SaleCorrected: receive_sales,
        SaleReturned: receive_sales,
        SaleShipped: receive_sales,
        InboundPurchaseOrder: receive_answers,
        ForecastChanged: receive_forecasts,
    },
)

BEHIND_CONSUMER = Consumer(
    "takt.procurement-behind",
    {
        PipelineDemandChanged: receive_deals,
        ForecastVersionPublished: receive_versions,
        SignalRecorded: receive_signals,
        SignalWithdrawn: receive_signals,
        ProductChanged: receive_families,
        RegionChanged: receive_regions,
    },
    rest=1.0,  # for pegging, and to free what lost deals have reserved: no plan waits for it
)
