"""A small company: kettles and pans in two regions, and what happens to them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from takt.common.contracts.deals import (
    CompanyChanged,
    DealLost,
    DealState,
    DealWon,
    ProductChanged,
    RegionChanged,
    SaleClosed,
    SaleCorrected,
    SaleState,
)
from takt.common.contracts.forecast import (
    ForecastBucket,
    ForecastVersionPublished,
    FrozenDealPart,
    FrozenSeries,
)
from takt.common.event import Cause, Envelope, new_id

MONDAY = date(2026, 11, 23)
WEDNESDAY_MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SUNDAY_BEFORE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def sealed(event, correlation=None):
    return Envelope(event, new_id(), datetime.now(UTC), Cause.start(correlation), "/takt/test")


def company(time_zone="UTC"):
    return CompanyChanged(sequence=1, name="Acme", currency="EUR", time_zone=time_zone)


def product(code, family="kitchen", unit="each", sequence=1):
    return ProductChanged(
        sequence=sequence,
        code=code,
        name=code,
        family=family,
        unit=unit,
        list_price=Decimal(10),
        cost=Decimal(5),
    )


def region(code, parent=None):
    return RegionChanged(sequence=1, code=code, name=code, parent=parent)


def catalog():
    products = [product("kettle"), product("pan")]
    regions = [region("europe"), region("north", "europe"), region("south", "europe")]
    return [sealed(event) for event in (company(), *products, *regions)]


def bucket(week, quantity, half80, half95):
    quantity = Decimal(quantity)
    return ForecastBucket(
        week=week,
        quantity=quantity,
        baseline=quantity,
        pipeline=Decimal(0),
        low80=max(quantity - half80, Decimal(0)),
        high80=quantity + half80,
        low95=max(quantity - half95, Decimal(0)),
        high95=quantity + half95,
    )


def series(product, region, quantity, price=10, deals=(), half80=8, half95=15, unit="each"):
    weeks = [MONDAY + timedelta(weeks=n) for n in range(-8, 18)]
    return FrozenSeries(
        product=product,
        region=region,
        unit=unit,
        revision=1,
        price=Decimal(price),
        buckets=tuple(bucket(week, quantity, half80, half95) for week in weeks),
        deals=tuple(deals),
    )


def deal_part(deal_id, quantity, full_quantity, probability, week=MONDAY, line_id=None):
    return FrozenDealPart(
        deal_id=deal_id,
        line_id=line_id or uuid4(),
        week=week,
        quantity=Decimal(quantity),
        full_quantity=Decimal(full_quantity),
        probability=Decimal(probability),
        price=Decimal(10),
    )


def version(*all_series, number=1, as_of=SUNDAY_BEFORE, part=1, parts=1):
    return sealed(
        ForecastVersionPublished(
            sequence=part,
            version=number,
            name=f"v{number}",
            as_of=as_of,
            published_by="schedule",
            part=part,
            parts=parts,
            series=all_series,
        )
    )


def four_series():
    return [
        series(product, region, 100)
        for product in ("kettle", "pan")
        for region in ("north", "south")
    ]


def sale(
    product="kettle",
    region="north",
    quantity=20,
    *,
    day=MONDAY,
    price=10,
    sale_id=None,
    sequence=1,
    deal_id=None,
    shipped_on=None,
    correlation=None,
):
    state = SaleState(
        sale_id=sale_id or uuid4(),
        source="erp",
        order_line="1",
        deal_id=deal_id,
        deal_line_id=UUID(int=deal_id.int + 1) if deal_id else None,
        product=product,
        region=region,
        quantity=Decimal(quantity),
        price=Decimal(price),
        sold_on=day,
        requested_date=day,
        payment_days=30,
        shipped_quantity=Decimal(quantity if shipped_on else 0),
        shipped_on=shipped_on,
    )
    event = SaleClosed if sequence == 1 else SaleCorrected
    return sealed(event(sequence=sequence, sale=state), correlation)


def closed_deal(deal_id, status):
    state = DealState(
        deal_id=deal_id,
        name="a deal",
        owner="ann",
        region="north",
        pipeline="default",
        stage=status,
        status=status,
        opened_at=SUNDAY_BEFORE,
        stage_entered_at=SUNDAY_BEFORE,
        payment_days=30,
    )
    event = {"won": DealWon, "lost": DealLost}[status]
    return sealed(event(sequence=2, deal=state, from_stage="negotiation"))
