from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.cash import (
    Contribution,
    Opening,
    WeekFlow,
    add_weeks,
    cents,
    difference,
    project,
    sum_weeks,
    to_cents,
    week_of,
)

MONDAY = date(2026, 11, 23)

amounts = st.integers(-(10**11), 10**11).filter(bool)
contributions = st.builds(
    Contribution,
    kind=st.sampled_from(["deal_line", "receivable", "baseline", "purchase_order"]),
    line=st.sampled_from(["a", "b"]),
    due=st.dates(MONDAY - timedelta(days=30), MONDAY + timedelta(days=200)),
    certainty=st.sampled_from(["committed", "expected"]),
    amount=amounts,
)
sources = st.dictionaries(st.sampled_from("abcdef"), st.lists(contributions, max_size=8))


def cash(due: date, amount: str, certainty: str = "committed") -> Contribution:
    return Contribution("receivable", "x", due, certainty, cents(Decimal(amount)))  # type: ignore[arg-type]


def nonzero(weeks: dict[date, WeekFlow]) -> dict[date, WeekFlow]:
    return {week: flow for week, flow in weeks.items() if flow != WeekFlow()}


def test_a_week_shows_committed_and_expected_balances_apart() -> None:
    weeks = sum_weeks(
        [
            cash(MONDAY + timedelta(days=2), "100"),
            cash(MONDAY + timedelta(days=3), "40", "expected"),
            cash(MONDAY + timedelta(days=8), "-500.25"),
            cash(MONDAY + timedelta(days=15), "-10", "expected"),
        ],
        MONDAY,
    )

    projection = project(Opening(MONDAY, 100000, 0), weeks, (), MONDAY, 3)

    assert [week.balance for week in projection.weeks] == [
        114000,
        63975,
        62975,
    ]
    assert [week.committed_balance for week in projection.weeks] == [
        110000,
        59975,
        59975,
    ]
    assert projection.lowest.week == MONDAY + timedelta(weeks=2)
    assert projection.lowest_committed.week == MONDAY + timedelta(weeks=1)


def test_what_was_due_before_the_opening_is_in_the_opening_balance() -> None:
    wednesday = MONDAY + timedelta(days=2)
    before, after = cash(MONDAY, "70"), cash(wednesday, "30")

    assert sum_weeks([before, after], wednesday) == {MONDAY: WeekFlow(committed_receipts=3000)}


def test_expected_cash_of_past_weeks_did_not_happen() -> None:
    weeks = sum_weeks([cash(MONDAY, "100"), cash(MONDAY, "40", "expected")], MONDAY)

    later = project(Opening(MONDAY, 1000, 0), weeks, (), MONDAY + timedelta(weeks=1), 2)

    assert later.opening_balance == 11000


def test_fixed_payments_between_the_opening_and_today_are_paid() -> None:
    rent = Contribution("fixed_payment", "rent", MONDAY, "committed", -2500)

    later = project(Opening(MONDAY, 10000, 0), {}, [rent], MONDAY + timedelta(weeks=1), 1)

    assert later.opening_balance == 7500


@given(sources, st.sampled_from("abcdef"), st.lists(contributions, max_size=8))
def test_replacing_one_source_equals_summing_everything_again(
    before: dict[str, list[Contribution]], source: str, replacement: list[Contribution]
) -> None:
    old = before.get(source, [])
    weeks = sum_weeks([c for cs in before.values() for c in cs], MONDAY)

    changes = difference(sum_weeks(replacement, MONDAY), sum_weeks(old, MONDAY))
    incremental = add_weeks(weeks, changes)

    after = {**before, source: replacement}
    assert nonzero(incremental) == nonzero(
        sum_weeks([c for cs in after.values() for c in cs], MONDAY)
    )
    assert set(changes) <= {week_of(c.due) for c in [*old, *replacement]}


@given(st.lists(contributions), st.integers(-(10**11), 10**11))
def test_balances_sum_to_the_cent(given_cash: list[Contribution], balance: int) -> None:
    opening = Opening(MONDAY, balance, 0)

    projection = project(opening, sum_weeks(given_cash, MONDAY), (), MONDAY, 40)

    counted = [c for c in given_cash if c.due >= MONDAY]
    assert projection.weeks[-1].balance == balance + sum((c.amount for c in counted), 0)
    assert projection.weeks[-1].committed_balance == balance + sum(
        c.amount for c in counted if c.certainty == "committed"
    )
    assert projection.lowest.balance == min(week.balance for week in projection.weeks)


@given(st.lists(st.decimals(min_value=-(10**6), max_value=10**6, places=8), max_size=30))
def test_rounding_to_cents_loses_nothing(exact: list[Decimal]) -> None:
    rounded = to_cents(exact)

    assert sum(rounded) == cents(sum(exact, Decimal(0)))
    assert all(abs(r - 100 * e) <= 1 for r, e in zip(rounded, exact, strict=True))
