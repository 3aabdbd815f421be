from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.cash import (
    Contribution,
    Opening,
    cents,
    project,
    sum_weeks,
)
from takt.supply_planning.domain.cash_shortfall import SourcedContribution, explain, judge

MONDAY = date(2026, 11, 23)


def sourced(source: str, kind: Any, weeks: int, amount: str, certainty: Any = "committed") -> Any:
    due = MONDAY + timedelta(weeks=weeks)
    return SourcedContribution(
        source, Contribution(kind, source, due, certainty, cents(Decimal(amount)))
    )


def test_a_balance_below_its_minimum_is_raised_once() -> None:
    assert judge(None, 9900, 10000, 1000) == "raised"
    assert judge(9900, 9800, 10000, 1000) == "unchanged"


def test_a_balance_around_its_minimum_does_not_flap() -> None:
    assert judge(9900, 10500, 10000, 1000) == "unchanged"
    assert judge(9900, 11000, 10000, 1000) == "resolved"
    assert judge(None, 10000, 10000, 1000) == "unchanged"


def test_slow_drift_is_told_when_it_adds_up() -> None:
    told = 9900
    drift = [9900 - 100 * step for step in range(1, 12)]

    verdicts = [judge(told, lowest, 10000, 1000) for lowest in drift]

    assert verdicts == ["unchanged"] * 10 + ["revised"]


def test_causes_are_ranked_by_money_down_to_the_low_point() -> None:
    explanation = explain(
        [
            sourced("payroll", "fixed_payment", 0, "-50"),
            sourced("payroll", "fixed_payment", 1, "-50"),
            sourced("order", "purchase_order", 1, "-80"),
            sourced("deal", "deal_line", 1, "20", "expected"),
            sourced("later", "purchase_order", 2, "-900"),
        ],
        MONDAY,
        MONDAY + timedelta(weeks=1),
        gap=6000,
        limit=2,
    )

    assert [(cause.source, cause.amount) for cause in explanation.causes] == [
        ("payroll", -10000),
        ("order", -8000),
    ]
    assert explanation.other == 2000


def test_proposals_are_deferred_before_approved_orders_and_only_as_many_as_needed() -> None:
    explanation = explain(
        [
            sourced("approved", "purchase_order", 0, "-900"),
            sourced("small", "purchase_order", 0, "-40", "expected"),
            sourced("large", "purchase_order", 1, "-70", "expected"),
            sourced("received", "payable", 0, "-500"),
        ],
        MONDAY,
        MONDAY + timedelta(weeks=1),
        gap=10000,
        limit=10,
    )

    assert [(remedy.action, remedy.source, remedy.amount) for remedy in explanation.remedies] == [
        ("defer_order", "large", 7000),
        ("defer_order", "small", 4000),
    ]


def test_receivables_after_the_low_point_can_be_collected_nearest_first() -> None:
    explanation = explain(
        [
            sourced("far", "receivable", 5, "800"),
            sourced("near", "receivable", 2, "60"),
            sourced("open deal", "deal_line", 2, "900", "expected"),
        ],
        MONDAY,
        MONDAY + timedelta(weeks=1),
        gap=10000,
        limit=10,
    )

    assert [remedy.source for remedy in explanation.remedies] == ["near", "far"]


@given(
    st.lists(
        st.builds(
            sourced,
            st.sampled_from("abcdefgh"),
            st.sampled_from(["deal_line", "purchase_order", "receivable"]),
            st.integers(0, 20),
            st.decimals(-(10**6), 10**6, places=2).filter(bool).map(str),
            st.sampled_from(["committed", "expected"]),
        ),
        max_size=40,
    ),
    st.integers(0, 5),
)
def test_the_causes_and_the_rest_sum_to_the_fall(
    contributions: list[SourcedContribution], limit: int
) -> None:
    weeks = sum_weeks([s.contribution for s in contributions], MONDAY)
    projection = project(Opening(MONDAY, 50000, 0), weeks, (), MONDAY, 26)
    lowest = projection.lowest

    explanation = explain(contributions, MONDAY, lowest.week, 0 - lowest.balance, limit)

    causes = sum(cause.amount for cause in explanation.causes)
    assert projection.opening_balance + causes + explanation.other == lowest.balance
