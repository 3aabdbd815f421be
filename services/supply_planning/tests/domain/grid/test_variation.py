"""S7 at scale: how much weekly demand varies, through all bills."""

from datetime import timedelta
from decimal import Decimal
from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.grid.nouns import grid_of
from takt.supply_planning.domain.grid.variation import variation, with_users
from takt.supply_planning.domain.netting import PlanningPolicy
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE

from .models import HORIZON

BIKE, FRAME, TUBE = (ItemSite(item, "east") for item in ("bike", "frame", "tube"))


def test_demand_goes_down_bills_with_yields_in_its_own_week_while_a_line_holds() -> None:
    """10 and 20 bikes of a frame each; of frames half is spoiled; tubes from the second week on."""
    second = HORIZON.mondays[1]
    grid = grid_of(
        BillOfMaterial(
            [
                BillLine("bike", "frame", ONE),
                BillLine("frame", "tube", 3 * ONE, valid_from=second),
                BillLine("bike", "tube", ONE // 4, valid_to=second - timedelta(days=1)),
            ]
        ),
        {
            BIKE: PlanningPolicy("make"),
            FRAME: PlanningPolicy("make", yield_share=Decimal("0.5")),
            TUBE: PlanningPolicy("buy"),
        },
        {},
        HORIZON,
    )
    own = np.zeros((2, 3))
    own[:, grid.place[0]] = 10 * ONE, 20 * ONE
    own[1, grid.place[2]] = ONE
    days = np.array([day.toordinal() for day in HORIZON.mondays[:2]])
    found = with_users(grid, own, days)[:, grid.place] / ONE
    assert found.tolist() == [[10, 10, 2.5], [20, 20, 3 * 40 + 1]]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), st.booleans())
def test_weeks_count_from_the_first_with_any(weekly: list[int], to_the_end: bool) -> None:
    found = variation(np.array([weekly], np.float64).T, to_the_end=to_the_end)
    counted = list(weekly)
    while counted and not counted[0]:
        counted.pop(0)
    while counted and not counted[-1] and not to_the_end:
        counted.pop()
    assert found.weeks.tolist() == [len(counted)]
    assert found.mean[0] == pytest.approx(mean(counted or [0]))
    assert found.deviation[0] == pytest.approx(stdev(counted) if len(counted) > 1 else 0)
