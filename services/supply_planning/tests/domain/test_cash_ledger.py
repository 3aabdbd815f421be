from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.cash import Opening, WeekFlow, project
from takt.supply_planning.domain.cash_ledger import (
    HORIZON_WEEKS,
    Ledger,
    look_ahead,
    shortfall_tolerance,
    told,
)
from takt.supply_planning.domain.cash_shortfall import Verdict
from takt.supply_planning.domain.cash_terms import TermsPolicy

MONDAY = date(2026, 11, 23)
NOW = datetime.combine(MONDAY, time(9), UTC)


def ledger(balance: int, minimum: int) -> Ledger:
    return Ledger(
        code="main",
        currency="EUR",
        company_sequence=1,
        opening_revision=1,
        opening=Opening(MONDAY, balance, minimum),
        terms_revision=0,
        policy=TermsPolicy(),
        fixed_revision=0,
        fixed_payments=(),
        projection_sequence=0,
        projected_on=None,
        shortfall_sequence=0,
        shortfall_lowest=None,
    )


def verdicts(minimum: int, payments: list[int], moves: list[float]) -> list[Verdict]:
    """What is said when the lowest balance moves around the minimum.

    Args:
        minimum: in cents.
        payments: of each week, in cents.
        moves: how far the lowest balance is from the minimum each time, in tolerances.
    """
    weeks = {
        MONDAY + timedelta(weeks=week): WeekFlow(committed_payments=-paid)
        for week, paid in enumerate(payments)
    }
    at_line = Opening(MONDAY, minimum + sum(payments), minimum)
    tolerance = shortfall_tolerance(minimum, project(at_line, weeks, [], MONDAY, HORIZON_WEEKS))
    now, found = ledger(at_line.balance, minimum), []
    for move in moves:
        moved = replace(
            now, opening=replace(at_line, balance=at_line.balance + round(move * tolerance))
        )
        outlook = look_ahead(moved, weeks, NOW)
        now = told(moved, outlook)
        found.append(outlook.verdict)
    return found


MINIMUMS = st.sampled_from([0, 1, -1, 99]) | st.integers(-(10**11), 10**11)
PAYMENTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=HORIZON_WEEKS)


@given(MINIMUMS, PAYMENTS, st.lists(st.floats(-0.49, 0.49), min_size=1, max_size=30))
def test_noise_around_any_minimum_neither_flaps_nor_repeats(
    minimum: int, payments: list[int], noise: list[float]
) -> None:
    assert [said for said in verdicts(minimum, payments, noise) if said != "unchanged"] in (
        [],
        ["raised"],
    )


@given(MINIMUMS, PAYMENTS)
def test_what_is_more_than_noise_is_told_at_any_minimum(minimum: int, payments: list[int]) -> None:
    assert verdicts(minimum, payments, [-0.1, -1.5, 0.5, 1.5]) == [
        "raised",
        "revised",
        "revised",
        "resolved",
    ]


@pytest.mark.parametrize(
    ("minimum", "weekly", "tolerance"),
    [(1_000_000, 0, 50_000), (0, 400_000, 20_000), (1_000, 400_000, 20_000), (0, 0, 100)],
)
def test_the_tolerance_is_of_the_minimum_or_else_of_what_a_week_moves(
    minimum: int, weekly: int, tolerance: int
) -> None:
    weeks = {
        MONDAY + timedelta(weeks=week): WeekFlow(committed_receipts=weekly)
        for week in range(HORIZON_WEEKS)
    }
    projection = project(Opening(MONDAY, 0, minimum), weeks, [], MONDAY, HORIZON_WEEKS)
    assert shortfall_tolerance(minimum, projection) == tolerance
