"""/v1/pipeline-demand: what one deal asks for."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.contracts.forecast import DatedQuantity, OutcomeCounts
from takt.common.db import RequestTx
from takt.common.problems import NotFound
from takt.forecast.domain.pipeline import to_decimals
from takt.forecast.schemas import DealDemandOut, LineExpectation, SeriesTotals
from takt.forecast.store.replicas import deal_demand

router = APIRouter(prefix="/v1/pipeline-demand", tags=["pipeline demand"])


class NoDeal(NotFound):
    """Forecast knows no such deal."""

    slug = "no-deal"


@router.get("/{deal_id}", dependencies=[requires("forecast:read")])
async def read_pipeline_demand(deal_id: UUID, tx: RequestTx) -> DealDemandOut:
    """Probability and dated quantities of a deal, as last published, with the cases behind them.

    Each line comes with the sums of its series, so that the deal's share of the forecast can be
    said: `expected_quantity` of `series.quantity`, or of its pipeline part.
    """
    found = await deal_demand(tx, deal_id)
    if found is None:
        raise NoDeal(
            field="deal_id",
            value=str(deal_id),
            remedy="look at GET /v1/deals; a deal that was just opened comes within a second",
        )
    deal, lines = found
    return DealDemandOut(
        deal_id=deal.deal_id,
        deal_sequence=deal.sequence,
        stage=deal.stage,
        status=deal.status,
        probability=deal.probability,
        stalled=deal.stalled,
        counts=OutcomeCounts(**deal.counts) if deal.counts and deal.counts["entered"] else None,
        as_of=deal.demand_as_of,
        expected_value=deal.expected_value,
        lines=[
            LineExpectation(
                line_id=line.line_id,
                product=line.product,
                region=line.region,
                quantity=line.quantity,
                price=line.price,
                probability=line.probability,
                expected=[
                    DatedQuantity(week=line.first_week + timedelta(weeks=week), quantity=units)
                    for week, units in enumerate(to_decimals(line.expected))
                    if units
                ],
                expected_quantity=sum(to_decimals(line.expected)),
                series=SeriesTotals(
                    quantity=_units(line.series_baseline + line.series_pipeline),
                    baseline=_units(line.series_baseline),
                    pipeline=_units(line.series_pipeline),
                ),
            )
            for line in lines
        ],
    )


def _units(millionths: int) -> Decimal:
    [units] = to_decimals([millionths])
    return units
