from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.quantity import share_out
from takt.supply_planning.domain.sourcing import (
    WHOLE,
    SharesNotWholeError,
    SourcingRule,
    demand_at_sites,
)

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


def rule(since: date, **shares: int) -> SourcingRule:
    return SourcingRule("bike", "north", since, {k: v * WHOLE // 100 for k, v in shares.items()})


def test_demand_goes_to_the_sites_in_force_on_its_date() -> None:
    rules = [rule(JANUARY, east=100), rule(MARCH, east=40, west=60)]
    weeks = [(date(2025, 12, 29), 5), (date(2026, 2, 2), 10), (date(2026, 3, 2), 10)]
    assert demand_at_sites(weeks, rules) == {
        "east": [(date(2026, 2, 2), 10), (date(2026, 3, 2), 4)],
        "west": [(date(2026, 3, 2), 6)],
    }


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(SharesNotWholeError, match="bike in north"):
        rule(JANUARY, east=40, west=50)


@given(st.integers(0, 10**12), st.lists(st.integers(0, WHOLE), min_size=1).filter(sum))
def test_parts_sum_to_the_whole_and_are_less_than_one_away_from_exact(
    total: int, shares: list[int]
) -> None:
    parts = share_out(total, shares)
    assert sum(parts) == total
    assert all(
        abs(part * sum(shares) - total * share) < sum(shares)
        for part, share in zip(parts, shares, strict=True)
    )
