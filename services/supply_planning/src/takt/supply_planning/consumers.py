"""What procurement does about what it hears."""

from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import (
    CompanyChanged,
    ProductChanged,
    SaleClosed,
    SaleCorrected,
    SaleReturned,
    SaleShipped,
)
from takt.common.contracts.forecast import ForecastChanged
from takt.common.contracts.inbound import InboundPurchaseOrder
from takt.supply_planning.service.define import receive_company, receive_products
from takt.supply_planning.service.purchase_orders import receive_answers
from takt.supply_planning.service.receive_forecasts import receive_forecasts
from takt.supply_planning.service.receive_shipments import receive_shipments

PROCUREMENT_CONSUMER = Consumer(
    "takt.procurement",
    {
        CompanyChanged: receive_company,
        ProductChanged: receive_products,
        SaleClosed: receive_shipments,
        SaleCorrected: receive_shipments,
        SaleReturned: receive_shipments,
        SaleShipped: receive_shipments,
        InboundPurchaseOrder: receive_answers,
        ForecastChanged: receive_forecasts,
    },
)
