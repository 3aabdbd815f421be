"""What the other services say, in short: builders of events."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid5

from takt.common.contracts.deals import (
    CompanyChanged,
    DealChanged,
    DealLine,
    DealLost,
    DealOpened,
    DealReopened,
    DealState,
    DealWon,
    SaleClosed,
    SaleReturn,
    SaleState,
)
from takt.common.contracts.forecast import (
    DatedQuantity,
    ForecastBucket,
    ForecastChanged,
    LineDemand,
    PipelineDemandChanged,
)
from takt.common.contracts.supply_planning import (
    OrderStatus,
    PurchaseOrderEvent,
    PurchaseOrderHeld,
    PurchaseOrderProposed,
    PurchaseOrderState,
)
from takt.common.event import Cause, Envelope, Event, seal

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DealStatus = Literal["open", "won", "lost"]


def named(name: str) -> UUID:
    """A stable id of a name."""
    return uuid5(UUID(int=0), name)


def said(*events: Event) -> list[Envelope[Any]]:
    """Events as they arrive, each with a chain of its own."""
    return seal([(event, Cause.start()) for event in events], "/takt/test")


def company(sequence: int = 1, time_zone: str = "Europe/Berlin") -> CompanyChanged:
    return CompanyChanged(sequence=sequence, name="Takt", currency="EUR", time_zone=time_zone)


def deal(
    name: str,
    sequence: int,
    status: DealStatus = "open",
    quantity: str = "10",
    price: str = "100",
    requested: date | None = MONDAY + timedelta(weeks=3),
    closed_at: datetime = NOW,
) -> Event:
    state = DealState(
        deal_id=named(name),
        name=f"Deal {name}",
        owner="Anna",
        region="DACH",
        pipeline="default",
        stage={"open": "negotiation"}.get(status, status),
        status=status,
        opened_at=NOW - timedelta(days=30),
        stage_entered_at=NOW,
        closed_at=None if status == "open" else closed_at,
        payment_days=30,
        lines=(
            DealLine(
                line_id=named(name + " line"),
                product="PUMP",
                quantity=Decimal(quantity),
                price=Decimal(price),
                requested_date=requested,
            ),
        ),
    )
    match status:
        case "won":
            return DealWon(sequence=sequence, deal=state, from_stage="negotiation")
        case "lost":
            return DealLost(sequence=sequence, deal=state, from_stage="negotiation")
        case "open":
            kind = DealOpened if sequence == 1 else DealChanged
            return kind(sequence=sequence, deal=state)


def reopened(name: str, sequence: int) -> DealReopened:
    opened = deal(name, 1)
    assert isinstance(opened, DealOpened)
    return DealReopened(
        sequence=sequence, deal=opened.deal, from_stage="won", to_stage="negotiation"
    )


def demand(
    name: str, sequence: int, expected: str, status: DealStatus = "open", week: int = 3
) -> PipelineDemandChanged:
    line = LineDemand(
        line_id=named(name + " line"),
        product="PUMP",
        region="DACH",
        quantity=Decimal(10),
        price=Decimal(100),
        expected=(DatedQuantity(week=MONDAY + timedelta(weeks=week), quantity=Decimal(expected)),),
    )
    return PipelineDemandChanged(
        sequence=sequence,
        deal_id=named(name),
        deal_sequence=1,
        stage="negotiation",
        status=status,
        probability=Decimal(expected) / 10,
        as_of=NOW,
        lines=() if status == "lost" else (line,),
        expected_value=Decimal(expected) * 100,
    )


def sale(
    name: str,
    sequence: int,
    quantity: str = "10",
    of_deal: str | None = None,
    returns: Sequence[SaleReturn] = (),
    requested: date = MONDAY,
) -> SaleClosed:
    state = SaleState(
        sale_id=named(name),
        source="erp",
        order_line=name,
        deal_id=named(of_deal) if of_deal else None,
        deal_line_id=named(of_deal + " line") if of_deal else None,
        product="PUMP",
        region="DACH",
        quantity=Decimal(quantity),
        price=Decimal(100),
        sold_on=MONDAY,
        requested_date=requested,
        payment_days=14,
        returns=tuple(returns),
    )
    return SaleClosed(sequence=sequence, sale=state)


def order(
    name: str, sequence: int, status: OrderStatus = "proposed", amount: str = "500"
) -> PurchaseOrderProposed:
    state = PurchaseOrderState(
        order_id=named(name),
        number=name,
        status=status,
        item="SEAL",
        site="HAMBURG",
        supplier="DICHTA",
        due_period=MONDAY + timedelta(weeks=1),
        due_on=MONDAY + timedelta(weeks=1),
        release_on=MONDAY,
        quantity=Decimal(5),
        price=Decimal(amount) / 5,
        amount=Decimal(amount),
        payment_days=7,
    )
    return PurchaseOrderProposed(sequence=sequence, order=state)


def held(event: PurchaseOrderEvent) -> PurchaseOrderHeld:
    """The same, said inside alone."""
    return PurchaseOrderHeld(sequence=event.sequence, order=event.order)


def forecast(product: str, sequence: int, baseline: str, pipeline: str = "0") -> ForecastChanged:
    zero = Decimal(0)
    return ForecastChanged(
        sequence=sequence,
        product=product,
        region="DACH",
        price=Decimal(90),
        as_of=NOW,
        buckets=tuple(
            ForecastBucket(
                week=MONDAY + timedelta(weeks=week),
                quantity=Decimal(baseline) + Decimal(pipeline),
                baseline=Decimal(baseline),
                pipeline=Decimal(pipeline),
                low80=zero,
                high80=zero,
                low95=zero,
                high95=zero,
            )
            for week in range(26)
        ),
    )
