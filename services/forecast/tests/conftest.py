"""A migrated forecast database of its own for each test, and builders of what deals says."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.common.contracts.deals import (
    CompanyChanged,
    DealLine,
    DealOpened,
    DealState,
    ProductChanged,
    RegionChanged,
    SaleClosed,
    SaleState,
    StageInterval,
)
from takt.common.event import Cause, Envelope, Event, new_id, wall_now
from takt.common.testing import NOW, service_app, service_database
from takt.forecast.app import PART

database = service_database(PART)
app = service_app(PART)

MONDAY = NOW.date()


def envelope(event: Event) -> Envelope[Any]:
    """An event on its way, as the beginning of a chain."""
    return Envelope(event, new_id(), wall_now(), Cause.start(), "/takt/test")


def catalog() -> list[Event]:
    """A company with two products of one family, and two regions in a third."""
    return [
        CompanyChanged(sequence=1, name="Pumps", currency="EUR", time_zone="Europe/Berlin"),
        *(
            ProductChanged(
                sequence=1,
                code=code,
                name=code,
                family="pumps",
                list_price=Decimal(50),
                cost=Decimal(20),
            )
            for code in ("P1", "P2")
        ),
        RegionChanged(sequence=1, code="EU", name="Europe"),
        RegionChanged(sequence=1, code="DE", name="Germany", parent="EU"),
        RegionChanged(sequence=1, code="FR", name="France", parent="EU"),
    ]


def deal(
    *,
    deal_id: UUID | None = None,
    status: str = "open",
    stage: str | None = None,
    product: str = "P1",
    region: str = "DE",
    quantity: str = "10",
    requested: date | None = None,
    age_days: float = 1,
    closed_days_ago: float = 0,
    lines: Sequence[DealLine] | None = None,
    now: datetime = NOW,
) -> DealState:
    """A deal that entered its stage `age_days` before it closed, or before now."""
    identity = deal_id or new_id()
    closed = now - timedelta(days=closed_days_ago)
    entered = (now if status == "open" else closed) - timedelta(days=age_days)
    here = stage or ("offer" if status == "open" else status)
    history = [StageInterval(stage="offer" if status != "open" else here, entered_at=entered)]
    if status != "open":
        history = [
            StageInterval(stage="offer", entered_at=entered, left_at=closed),
            StageInterval(stage=status, entered_at=closed),
        ]
    return DealState(
        deal_id=identity,
        name="Pumps",
        owner="ann",
        region=region,
        pipeline="direct",
        stage=here,
        status=status,
        opened_at=entered,
        stage_entered_at=entered if status == "open" else closed,
        closed_at=None if status == "open" else closed,
        payment_days=30,
        lines=tuple(lines)
        if lines is not None
        else (
            DealLine(
                line_id=UUID(int=identity.int ^ 1),
                product=product,
                quantity=Decimal(quantity),
                price=Decimal(40),
                requested_date=requested,
            ),
        ),
        history=tuple(history),
    )


def opened(state: DealState, sequence: int = 1) -> Envelope[DealOpened]:
    """The news of a deal."""
    return envelope(DealOpened(sequence=sequence, deal=state))


def sale(
    order_line: str,
    day: date,
    quantity: str = "5",
    *,
    product: str = "P1",
    region: str = "DE",
    of: DealState | None = None,
    shipped: str = "0",
    sequence: int = 1,
) -> Envelope[SaleClosed]:
    """The news of a sale, of a deal's first line where one is given."""
    return envelope(
        SaleClosed(
            sequence=sequence,
            sale=SaleState(
                sale_id=new_id(),
                source="erp",
                order_line=order_line,
                deal_id=of.deal_id if of else None,
                deal_line_id=of.lines[0].line_id if of else None,
                product=product,
                region=region,
                quantity=Decimal(quantity),
                price=Decimal(45),
                sold_on=day,
                requested_date=day,
                payment_days=30,
                shipped_quantity=Decimal(shipped),
                shipped_on=day if shipped != "0" else None,
            ),
        )
    )
