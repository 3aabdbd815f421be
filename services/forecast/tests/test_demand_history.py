"""A sale counts once, at its requested date."""

from datetime import timedelta
from decimal import Decimal

from takt.common.contracts.deals import DealWon, SaleCorrected, SaleReturn, SaleReturned
from takt.common.event import Cause, new_id
from takt.forecast.domain.history import SeriesKey
from takt.forecast.service.follow_catalog import follow_company, follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand, keep_demand
from takt.forecast.service.import_history import import_history
from takt.forecast.service.refit_series import refit_some
from takt.forecast.service.revise_deals import Why
from takt.forecast.store.forecasts import forecasts
from takt.forecast.store.history import weekly_histories

from .conftest import MONDAY, catalog, deal, envelope, sale

SERIES = SeriesKey("P1", "DE")


async def weeks(tx):
    return [h.quantities.tolist() for h in await weekly_histories(tx, [SERIES], MONDAY)]


async def test_a_repeated_sale_adds_demand_once_and_a_correction_replaces_it(tx, now):
    first = sale("1", MONDAY - timedelta(days=3), "5")
    await follow_demand(tx, [first, first], now)
    await follow_demand(tx, [first], now)
    assert await weeks(tx) == [[5]]
    corrected = first.event.sale.model_copy(update={"quantity": Decimal(3)})
    await follow_demand(tx, [envelope(SaleCorrected(sequence=2, sale=corrected))], now)
    assert await weeks(tx) == [[3]]


async def test_a_return_does_not_reduce_demand_history(tx, now):
    first = sale("1", MONDAY - timedelta(days=3), "5")
    came_back = SaleReturn(
        return_id="r", returned_on=MONDAY, quantity=Decimal(5), amount=Decimal(225)
    )
    returned = first.event.sale.model_copy(update={"returns": (came_back,)})
    await follow_demand(tx, [first], now)
    await follow_demand(tx, [envelope(SaleReturned(sequence=2, sale=returned))], now)
    assert await weeks(tx) == [[5]]


async def test_a_reversed_sale_leaves_no_demand(tx, now):
    first = sale("1", MONDAY - timedelta(days=3), "5")
    await follow_demand(tx, [first], now)
    reversed_sale = first.event.sale.model_copy(update={"quantity": Decimal(0)})
    await follow_demand(tx, [envelope(SaleCorrected(sequence=2, sale=reversed_sale))], now)
    assert await weeks(tx) == []


async def test_sales_of_past_weeks_become_a_forecast_by_one_job(tx, now):
    await follow_products(
        tx, [envelope(e) for e in catalog() if e.subject.startswith("product")], now
    )
    for week in range(1, 61):
        await follow_demand(tx, [sale(f"{week}", MONDAY - timedelta(weeks=week), "8")], now)
    jobs = await tx.exec_driver_sql("SELECT count(*) FROM pgqueuer")
    assert jobs.scalar_one() == 1
    assert await refit_some(tx, now, Cause.start()) == 1
    assert await refit_some(tx, now, Cause.start()) == 0
    ((revision, _),) = await forecasts(tx)
    assert revision.baseline.tolist() == [8_000_000] * 26
    assert revision.price == 45


async def test_an_order_never_seen_as_a_deal_consumes_this_weeks_baseline(tx, now):
    for week in range(1, 61):
        await follow_demand(tx, [sale(f"{week}", MONDAY - timedelta(weeks=week), "8")], now)
    await refit_some(tx, now, Cause.start())
    await follow_demand(tx, [sale("now", MONDAY, "3")], now)
    ((revision, _),) = await forecasts(tx)
    assert revision.baseline.tolist() == [5_000_000] + [8_000_000] * 25
    await follow_demand(tx, [sale("more", MONDAY, "30")], now)
    ((revision, _),) = await forecasts(tx)
    assert revision.baseline[0] == 0


async def test_a_new_week_is_observed_without_a_refit_of_its_parameters(tx, now):
    for week in range(1, 61):
        quantity = str(8 + week % 3)
        await follow_demand(tx, [sale(f"{week}", MONDAY - timedelta(weeks=week), quantity)], now)
    await refit_some(tx, now, Cause.start())
    await follow_demand(tx, [sale("new", MONDAY, "9")], now)
    before = (await tx.exec_driver_sql("SELECT states FROM series_states")).scalar_one()
    assert await refit_some(tx, now + timedelta(weeks=1), Cause.start()) == 1
    row = (await tx.exec_driver_sql("SELECT * FROM series_states")).one()
    assert row.states[0] == before[0] + 1 == 61
    assert row.states[3] == before[3]
    assert row.observed_before == MONDAY + timedelta(weeks=1)


async def test_the_erps_copy_of_a_win_replaces_its_sale_and_does_not_add(tx, now):
    ours = sale("own", MONDAY - timedelta(days=3), "5")
    erps = ours.event.sale.model_copy(
        update={"source": "sap", "order_line": "4711", "quantity": Decimal(4)}
    )
    await follow_demand(tx, [ours], now)
    await follow_demand(tx, [envelope(SaleCorrected(sequence=2, sale=erps))], now)
    await follow_demand(tx, [ours], now)
    assert await weeks(tx) == [[4]]


async def test_the_owners_copy_takes_the_place_of_an_imported_row_and_keeps_it(tx, now):
    told = sale("1", MONDAY - timedelta(days=3), "5")
    row = told.event.sale.model_copy(update={"sale_id": new_id(), "quantity": Decimal(7)})
    why = Why({}, Cause.start())
    assert await keep_demand(tx, {}, [(row, 0)], why, now) == 1
    assert await keep_demand(tx, {}, [(row, 0)], why, now) == 0
    assert await weeks(tx) == [[7]]
    await follow_demand(tx, [told], now)
    assert await weeks(tx) == [[5]]
    assert await keep_demand(tx, {}, [(row, 0)], why, now) == 0
    assert await weeks(tx) == [[5]]


async def test_a_win_and_its_shipped_sale_in_one_batch_leave_no_demand_behind(tx, now):
    won = deal(status="won", quantity="10")
    news = envelope(DealWon(sequence=2, deal=won, from_stage="offer"))
    shipped = sale("1", MONDAY, "10", of=won, shipped="10")
    await follow_demand(tx, [news, shipped], now)
    lines = await tx.exec_driver_sql("SELECT count(*) FROM pipeline_lines")
    assert lines.scalar_one() == 0


async def test_an_imported_day_that_has_not_come_where_the_company_is_is_refused(tx, now):
    company, first, second, *regions = [envelope(event) for event in catalog()]
    await follow_company(tx, [company], now)
    await follow_products(tx, [first, second], now)
    await follow_regions(tx, regions, now)
    past_midnight = now.replace(hour=23, minute=30)  # in Berlin it is the day after
    rows = [
        {"order_line": day, "product": "P1", "region": "DE", "date": day, "quantity": "4"}
        for day in ("2026-11-24", "2026-11-25", "2031-01-01")
    ]
    report = await import_history(
        tx, rows, source="erp", dry_run=False, now=past_midnight, cause=Cause.start()
    )
    assert report.imported == 1
    assert [(e.line, e.field, e.value) for e in report.errors] == [
        (2, "date", "2026-11-25"),
        (3, "date", "2031-01-01"),
    ]
    assert report.errors[0].problem.endswith("today is 2026-11-24")
    assert "/v1/sales" in report.errors[0].remedy
