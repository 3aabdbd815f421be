import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from takt.alerting.domain.deviation import Limits
from takt.alerting.service.catalog import take_catalog, take_deals
from takt.alerting.service.deviations import check, check_daily
from takt.alerting.service.sales import take_sales
from takt.alerting.service.versions import take_versions
from takt.alerting.store import alerts, buckets, reviews
from takt.common.contracts.alerting import AlertRaised, AlertResolved, ReviewOpened
from takt.common.event import Cause, new_id
from takt.common.testing import emitted

from ..scene import (  # noqa: TID252 - the builders of this folder
    MONDAY,
    SUNDAY_BEFORE,
    WEDNESDAY_MORNING,
    catalog,
    closed_deal,
    company,
    deal_part,
    four_series,
    product,
    sale,
    sealed,
    series,
    version,
)

LIMITS = Limits()
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
MONDAY_MORNING = WEDNESDAY_MORNING - timedelta(days=2)


async def begin(tx, *all_series, now=MONDAY_MORNING):
    await take_catalog(tx, catalog(), now)
    await take_versions(tx, [version(*(all_series or four_series()))], now, limits=LIMITS)


async def sell(tx, *sales, now=MONDAY_MORNING):
    await take_sales(tx, sales, now, limits=LIMITS)


async def on_pace(tx, *, except_for=(), until=2, now=MONDAY_MORNING):
    """Every series sells what is due, but for some."""
    keys = [(p, r) for p in ("kettle", "pan") for r in ("north", "south")]
    await sell(
        tx,
        *(
            sale(p, r, 20, day=MONDAY + timedelta(days=n))
            for p, r in keys
            if (p, r) not in except_for
            for n in range(until)
        ),
        now=now,
    )


def check_at(tx, now):
    return check(tx, now, LIMITS, Cause.start())


async def events(tx):
    return [envelope.event for envelope in await emitted(tx)]


async def test_sales_on_pace_raise_nothing(tx):
    await begin(tx)
    await on_pace(tx, now=WEDNESDAY_MORNING)
    assert (await check_at(tx, WEDNESDAY_MORNING)).raised == 0
    assert await events(tx) == []


async def test_a_series_that_sells_nothing_is_found_by_the_clock_alone(tx):
    await begin(tx)
    await on_pace(tx, except_for=[("kettle", "north")])
    assert (await check_at(tx, MONDAY_MORNING)).raised == 0
    checked = await check_at(tx, WEDNESDAY_MORNING)
    assert checked.opened >= 1
    said = await events(tx)
    first = next(event for event in said if isinstance(event, AlertRaised))
    assert (first.alert.scope.product, first.alert.scope.region) == ("kettle", "north")
    assert first.alert.scope.week == MONDAY
    assert first.alert.rule == "no_sales"
    assert (first.alert.expected, first.alert.actual, first.alert.money) == (40, 0, -400)
    assert first.alert.summary == (
        "kettle in north: 0 each sold, 40 expected by now, 100 % below the forecast (no_sales)"
    )


async def test_the_daily_check_runs_once_in_the_companys_day_after_five(tx):
    berlin = [sealed(company("Europe/Berlin")), *catalog()[1:]]
    await take_catalog(tx, berlin, MONDAY_MORNING)
    await take_versions(tx, [version(*four_series())], MONDAY_MORNING, limits=LIMITS)
    five = datetime(2026, 11, 25, 4, tzinfo=UTC)  # in Berlin

    async def opened_at(now):
        before = len(await events(tx))
        await check_daily(tx, now, LIMITS, Cause.start())
        return len(await events(tx)) - before

    assert await opened_at(five - timedelta(minutes=1)) == 0
    assert await opened_at(five + timedelta(minutes=1)) > 0
    over = [replace(a, resolved_at=five) for a in await alerts.load_open(tx, "deviation")]
    await alerts.save_alerts(tx, over)
    assert await opened_at(five + timedelta(hours=1)) == 0
    assert await opened_at(five + timedelta(days=1)) > 0


async def test_a_parents_breach_that_a_child_explains_joins_the_childs_review(tx):
    await begin(tx)
    await on_pace(tx, except_for=[("kettle", "north")])
    checked = await check_at(tx, WEDNESDAY_MORNING)
    assert (checked.raised > 1, checked.opened) == (True, 1)
    (row,) = await reviews.list_reviews(tx, state=None, before=None, limit=10)
    assert row.review.scope == "product=kettle;region=north"
    assert "product=kettle" in row.review.joined
    opened = await alerts.load_open(tx, "deviation")
    assert {alert.review_id for alert in opened} == {row.review.id}


async def test_checking_again_opens_no_second_review(tx):
    await begin(tx)
    await on_pace(tx, except_for=[("kettle", "north")])
    await check_at(tx, WEDNESDAY_MORNING)
    before = len(await emitted(tx))
    again = await check_at(tx, WEDNESDAY_MORNING + timedelta(hours=1))
    assert (again.raised, again.opened) == (0, 0)
    assert len(await emitted(tx)) == before


async def test_the_sale_that_breaches_opens_the_review_under_its_own_correlation(tx):
    await begin(tx)
    correlation = new_id()
    breaching = sale(quantity=60, correlation=correlation)
    await sell(tx, breaching)
    envelopes = await emitted(tx)
    opened = next(e for e in envelopes if isinstance(e.event, ReviewOpened))
    assert opened.cause.correlations == (correlation,)
    assert opened.cause.causes == (breaching.id,)
    assert opened.event.review.scope.level == "series"
    assert opened.event.review.deviation == 600 - 200


async def test_sales_that_catch_up_resolve_the_alert_and_leave_the_review_to_people(tx):
    await begin(tx)
    await on_pace(tx, except_for=[("kettle", "north")])
    await check_at(tx, WEDNESDAY_MORNING)
    await sell(tx, sale(quantity=40, day=WEDNESDAY), now=WEDNESDAY_MORNING)
    said = await events(tx)
    assert sum(isinstance(e, AlertRaised) for e in said) == sum(
        isinstance(e, AlertResolved) for e in said
    )
    assert await alerts.load_open(tx, "deviation") == []
    (row,) = await reviews.list_reviews(tx, state="open", before=None, limit=10)
    assert row.review.state == "open"


async def test_the_alert_of_a_scope_that_is_no_longer_forecast_ends(tx):
    await begin(tx)
    await on_pace(tx, except_for=[("kettle", "north")])
    await check_at(tx, WEDNESDAY_MORNING)
    one_left = series("pan", "south", 100)
    as_of = WEDNESDAY_MORNING + timedelta(days=1)
    await take_versions(tx, [version(one_left, number=2, as_of=as_of)], as_of, limits=LIMITS)
    later = MONDAY_MORNING + timedelta(weeks=2)
    await check_at(tx, later - timedelta(weeks=1))
    await check_at(tx, later)
    left = await alerts.load_open(tx, "deviation")
    assert "product=kettle;region=north" not in {alert.scope for alert in left}


async def test_a_breach_that_returns_joins_the_review_that_is_still_open(tx):
    await begin(tx)
    await on_pace(tx, except_for=[("kettle", "north")])
    await check_at(tx, WEDNESDAY_MORNING)
    caught_up = sale(quantity=40, day=WEDNESDAY)
    await sell(tx, caught_up, now=WEDNESDAY_MORNING)
    taken_back = sale(quantity=0, day=WEDNESDAY, sale_id=caught_up.event.sale.sale_id, sequence=2)
    await sell(tx, taken_back, now=WEDNESDAY_MORNING)
    assert len(await reviews.list_reviews(tx, state=None, before=None, limit=10)) == 1
    opened = await alerts.load_open(tx, "deviation")
    assert {alert.scope for alert in opened} >= {"product=kettle;region=north"}


async def test_sales_in_any_order_and_repeated_give_the_same_sums(tx):
    await begin(tx)
    history = []
    for number in range(12):
        sale_id = uuid4()
        for sequence in (1, 2, 3):
            quantity = (number * sequence) % 5
            day = MONDAY + timedelta(days=(number + sequence) % 7)
            region = "north" if sequence < 3 else "south"
            history.append(
                sale(quantity=quantity, day=day, region=region, sale_id=sale_id, sequence=sequence)
            )
    final = [envelope.event.sale for envelope in history if envelope.event.sequence == 3]
    shuffled = history * 3
    random.Random(7).shuffle(shuffled)
    for start in range(0, len(shuffled), 10):
        await sell(tx, *shuffled[start : start + 10])
    found = await buckets.load_weeks(
        tx, ["total", "product=kettle;region=south", "product=kettle;region=north"], MONDAY
    )
    expected = sum(state.quantity for state in final)
    assert found["total"].buckets[-1].quantity == expected
    assert found["product=kettle;region=south"].buckets[-1].quantity == expected
    assert found["product=kettle;region=north"].buckets[-1].quantity == 0


def expecting(quantity, number, as_of):
    return version(series("kettle", "north", quantity), number=number, as_of=as_of)


async def expected_in_total(tx):
    found = await buckets.load_weeks(tx, ["total"], MONDAY)
    return found["total"].buckets[-1].row.forecast_quantity


MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
PAST_MIDNIGHT = MIDNIGHT + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("published", "held_to"),
    [
        ([SUNDAY_BEFORE, PAST_MIDNIGHT, MONDAY_MORNING], 1),
        ([SUNDAY_BEFORE - timedelta(days=1), SUNDAY_BEFORE], 1),
        ([SUNDAY_BEFORE, MIDNIGHT + timedelta(days=1)], 0),
        ([MIDNIGHT, PAST_MIDNIGHT], 0),
        ([MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(hours=30)], 0),
    ],
    ids=["first of Monday", "last before", "not Tuesday's", "at midnight", "first of all"],
)
@pytest.mark.parametrize("order", [1, -1], ids=["as published", "the last one first"])
async def test_a_week_is_held_to_mondays_first_version_else_the_last_before_else_the_first(
    tx, published, held_to, order
):
    await take_catalog(tx, catalog(), WEDNESDAY_MORNING)
    said = [expecting(100 + n, n, as_of) for n, as_of in enumerate(published)]
    await take_versions(tx, said[::order], WEDNESDAY_MORNING, limits=LIMITS)
    assert await expected_in_total(tx) == 100 + held_to


async def test_a_sale_of_mondays_first_minute_is_judged_anew_by_mondays_version(tx):
    await take_catalog(tx, catalog(), PAST_MIDNIGHT)
    await take_versions(tx, [expecting(10, 1, SUNDAY_BEFORE)], PAST_MIDNIGHT, limits=LIMITS)
    await sell(tx, sale(quantity=60), now=PAST_MIDNIGHT)
    assert len(await alerts.load_open(tx, "deviation", ["total"])) == 1
    await take_versions(tx, [expecting(400, 2, PAST_MIDNIGHT)], PAST_MIDNIGHT, limits=LIMITS)
    assert await expected_in_total(tx) == 400
    assert await alerts.load_open(tx, "deviation", ["total"]) == []
    await take_versions(tx, [expecting(9, 3, MONDAY_MORNING)], MONDAY_MORNING, limits=LIMITS)
    assert await expected_in_total(tx) == 400


async def test_the_first_week_of_an_installation_is_held_to_its_first_version(tx):
    await take_catalog(tx, catalog(), MONDAY_MORNING)
    await sell(tx, sale(quantity=7), now=MONDAY_MORNING)
    as_of = MONDAY_MORNING + timedelta(hours=1)
    await take_versions(
        tx, [version(series("kettle", "north", 93), as_of=as_of)], as_of, limits=LIMITS
    )
    found = await buckets.load_weeks(tx, ["total"], MONDAY)
    (only,) = found["total"].buckets
    # the version's week is net of the 7 that were sold before it
    assert (only.row.forecast_quantity, only.quantity) == (100, 7)


async def test_what_deals_shipped_before_a_version_is_added_to_it_and_what_is_to_come_is_not(tx):
    await take_catalog(tx, catalog(), WEDNESDAY_MORNING)
    await sell(
        tx,
        sale(quantity=7, deal_id=uuid4(), shipped_on=MONDAY),
        sale(quantity=5, deal_id=uuid4(), day=WEDNESDAY),
        now=WEDNESDAY_MORNING,
    )
    said = expecting(93, 1, WEDNESDAY_MORNING)
    await take_versions(tx, [said], WEDNESDAY_MORNING, limits=LIMITS)
    assert await expected_in_total(tx) == 100


async def test_a_week_whose_first_version_came_part_way_is_judged_as_a_whole(tx):
    await take_catalog(tx, catalog(), WEDNESDAY_MORNING)
    await sell(tx, sale(quantity=90), now=WEDNESDAY_MORNING)
    said = version(series("kettle", "north", 30), as_of=WEDNESDAY_MORNING)
    await take_versions(tx, [said], WEDNESDAY_MORNING, limits=LIMITS)
    assert await expected_in_total(tx) == 120
    assert await events(tx) == []  # 90 of 120 by Wednesday are no breach: the version knew them
    friday = WEDNESDAY_MORNING + timedelta(days=2)
    await check_at(tx, friday)
    assert await events(tx) == []
    await sell(tx, sale(quantity=60, day=friday.date()), now=friday)
    assert any(isinstance(event, ReviewOpened) for event in await events(tx))


async def test_a_version_counts_once_all_of_its_parts_are_there_in_any_order(tx):
    await take_catalog(tx, catalog(), MONDAY_MORNING)
    parts = [
        version(series("kettle", "north", 100), part=1, parts=2),
        version(series("pan", "north", 50), part=2, parts=2),
    ]
    await take_versions(tx, [parts[1], parts[1]], MONDAY_MORNING, limits=LIMITS)
    assert await buckets.load_weeks(tx, ["total"], MONDAY) == {}
    await take_versions(tx, [parts[0]], MONDAY_MORNING, limits=LIMITS)
    found = await buckets.load_weeks(tx, ["total"], MONDAY)
    assert found["total"].buckets[-1].row.forecast_quantity == 150


async def test_sales_that_came_before_their_version_are_judged_by_its_coming(tx):
    await take_catalog(tx, catalog(), MONDAY_MORNING)
    await sell(tx, sale(quantity=60))
    assert await events(tx) == []
    published = version(*four_series())
    await take_versions(tx, [published], MONDAY_MORNING, limits=LIMITS)
    opened = [e for e in await emitted(tx) if isinstance(e.event, ReviewOpened)]
    assert [e.event.review.scope.level for e in opened] == ["series"]
    assert opened[0].cause.causes == (published.id,)


async def test_a_catalog_that_comes_late_completes_the_sums(tx):
    await take_versions(tx, [version(*four_series())], MONDAY_MORNING, limits=LIMITS)
    await sell(tx, sale(quantity=5))
    assert "family=kitchen" not in await buckets.load_weeks(tx, ["family=kitchen"], MONDAY)
    await take_catalog(tx, catalog(), MONDAY_MORNING)
    found = await buckets.load_weeks(tx, ["family=kitchen", "region=europe"], MONDAY)
    assert found["family=kitchen"].buckets[-1].quantity == 5
    assert found["region=europe"].buckets[-1].row.forecast_quantity == 400


async def test_a_scope_of_several_units_is_measured_in_money(tx):
    oil = [sealed(product("oil", unit="l"))]
    await take_catalog(tx, [*catalog(), *oil], MONDAY_MORNING)
    lines = [series("kettle", "north", 100), series("oil", "north", 100, price=2, unit="l")]
    await take_versions(tx, [version(*lines)], MONDAY_MORNING, limits=LIMITS)
    found = await buckets.load_weeks(tx, ["total", "product=oil"], MONDAY)
    assert (found["total"].measure, found["product=oil"].measure) == ("value", "quantity")
    assert found["total"].record("value", MONDAY).current.forecast == 1200


async def test_the_causes_of_a_review_name_the_deals_and_sum_exactly(tx):
    won, lost, pushed, new = (uuid4() for _ in range(4))
    deals = [
        deal_part(won, 5, 20, "0.5"),
        deal_part(lost, 8, 20, "0.4"),
        deal_part(pushed, 6, 10, "0.9"),
    ]
    await begin(tx, series("kettle", "north", 100, deals=deals))
    await take_deals(tx, [closed_deal(won, "won"), closed_deal(lost, "lost")], MONDAY_MORNING)
    await sell(
        tx,
        sale(quantity=10, day=MONDAY),
        sale(quantity=3, day=TUESDAY, deal_id=new),
        sale(quantity=4, day=TUESDAY, deal_id=won, price=9),
    )
    await check_at(tx, WEDNESDAY_MORNING)
    (row,) = await reviews.list_reviews(tx, state=None, before=None, limit=10)
    amounts = {cause.cause: cause.amount for cause in row.causes}
    assert row.deviation == Decimal(100 + 30 + 36) - 400
    assert amounts["price"] == -4
    assert amounts["mix"] == 0
    assert amounts["price"] + amounts["mix"] + amounts["volume"] == row.deviation
    within = ("win_rate", "timing", "new", "lost", "baseline")
    assert sum(amounts[name] for name in within) == amounts["volume"]
    assert amounts["new"] == 30
    assert amounts["lost"] == Decimal("-32")  # 40 % of the week was due: 0.4 x 8 units x 10
    named = {cause.cause: cause.deals for cause in row.causes}
    assert named["lost"] == (lost,)
    assert named["new"] == (new,)
    assert pushed in named["timing"]
    assert won in named["win_rate"]


async def test_weeks_that_passed_build_a_history_that_bias_is_judged_by(tx):
    start = MONDAY_MORNING - timedelta(weeks=7)
    await take_catalog(tx, catalog(), start)
    as_of = SUNDAY_BEFORE - timedelta(weeks=7)
    await take_versions(
        tx, [version(series("kettle", "north", 100), as_of=as_of)], start, limits=LIMITS
    )
    for weeks in range(7):
        now = start + timedelta(weeks=weeks)
        await sell(tx, sale(quantity=91, day=now.date()), now=now)
    said = await events(tx)
    await check_at(tx, MONDAY_MORNING)
    new = (await events(tx))[len(said) :]
    rules = {event.alert.rule for event in new if isinstance(event, AlertRaised)}
    assert "tracking_signal" in rules
