"""Which events move cash. Every one of them carries the whole state of its subject."""

from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import DEAL_EVENTS, SALE_EVENTS, CompanyChanged
from takt.common.contracts.forecast import ForecastChanged, PipelineDemandChanged
from takt.common.contracts.supply_planning import ORDER_EVENTS, PurchaseOrderHeld
from takt.supply_planning.service.cash import move_cash

CONSUMER = Consumer(
    group="takt.finance",
    handlers={
        CompanyChanged: move_cash,
        PipelineDemandChanged: move_cash,
        ForecastChanged: move_cash,
        **dict.fromkeys(DEAL_EVENTS, move_cash),
        **dict.fromkeys(SALE_EVENTS, move_cash),
        **dict.fromkeys(ORDER_EVENTS, move_cash),
        PurchaseOrderHeld: move_cash,
    },
)
