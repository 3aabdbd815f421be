"""`takt plan` with a service level in place of a safety stock (S7)."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from .plan_folders import Takt, folder, orders, planned, refused

MONDAY = date(2026, 11, 30)
ITEMS = "item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple,service_level"
SOLD = [80, 120] * 4 + [100]
"""Mean 100, standard deviation 20."""


def demand(*series: tuple[str, str, int, list[int]]) -> str:
    """Kind, item, first week from the start, and a quantity a week."""
    rows = [
        f"{kind or 'D'},{item},east,{MONDAY + timedelta(weeks=first + week)},{units},{kind}"
        for kind, item, first, weekly in series
        for week, units in enumerate(weekly)
        if units
    ]
    return "\n".join(["demand,item,site,due,quantity,kind", *rows])


def alone(tmp_path: Path, row: str, wanted: str, columns: str = ITEMS) -> Path:
    """A folder with one item, without stock."""
    none = {"bom": None, "stock": None, "receipts": None}
    return folder(tmp_path, items=f"{columns}\n{row}", demand=wanted, **none)


def first_order(takt: Takt, path: Path) -> float:
    """Of what nobody wants in the horizon: its safety stock."""
    (row,) = orders(takt, path)
    return float(row[3])


def test_row_s7_three_weeks_and_one_to_the_next_plan_that_vary_by_half_a_week(
    takt: Takt, tmp_path: Path
) -> None:
    """z 1.645, L 4, s_D 20, D 100, s_L 0.5: 105.3; of what comes by the piece 106."""
    sold = demand(("history", "tube", -9, SOLD))
    path = alone(tmp_path, "tube,east,21,,,,.95,3.5", sold, f"{ITEMS},lead_deviation_days")
    assert first_order(takt, path) == pytest.approx(105.3, abs=0.03)
    (said,) = planned(takt, path)["notes"][3:]
    assert "1 by demand of kind history, 0 by the forecast: tube at east 105.3" in said
    each = alone(
        tmp_path, "tube,east,21,,,,.95,3.5,each", sold, f"{ITEMS},lead_deviation_days,unit"
    )
    assert first_order(takt, each) == 106


def test_a_forecast_that_varies_counts_where_history_is_short(takt: Takt, tmp_path: Path) -> None:
    """1.2816 x 20 x sqrt(1 + 1); orders are no forecast, and seven weeks are too few."""
    wanted = demand(
        ("history", "tube", -7, [900] * 7),
        ("order", "tube", 0, [300]),
        ("forecast", "tube", 0, [80, 120] * 2),
        ("", "tube", 4, [80, 120] * 2),
    )
    found = orders(takt, alone(tmp_path, "tube,east,7,,,,.9", wanted))
    varies = 20 * (8 / 7) ** 0.5
    first = [row[3] for row in found if row[1] == MONDAY]
    assert first == [pytest.approx(300 + 80 + 1.28155 * varies * 2**0.5, abs=1e-3)]


def test_a_component_varies_as_the_demand_of_what_uses_it(takt: Takt, tmp_path: Path) -> None:
    """Two wheels a bike: 1.645 x 2 x 20 x sqrt(2 + 1), whatever the lots of bikes."""
    path = folder(
        tmp_path,
        items=f"{ITEMS}\nbike,east,7,0,500,,\nwheel,east,10,,,,.95\n",
        bom="parent,component,quantity\nbike,wheel,2\n",
        stock="item,site,quantity\nbike,east,0\n",
        receipts="order,item,site,due,quantity\n",
        demand=demand(("history", "bike", -9, SOLD)),
    )
    assert first_order(takt, path) == pytest.approx(1.64485 * 40 * 3**0.5, abs=1e-3)


def test_history_is_not_planned_and_what_says_nothing_keeps_nothing(
    takt: Takt, tmp_path: Path
) -> None:
    wanted = demand(("history", "tube", -3, [5, 5, 5, 5, 5]))
    path = alone(tmp_path, "tube,east,7,,,,.95", wanted)
    found = planned(takt, path)
    assert found["orders"] == 0
    left_out, nothing = found["notes"][3:]
    assert "2 demands of kind history are of the first week or later" in left_out
    assert "No safety stock by service_level of 1 items" in nothing
    assert "tube at east" in nothing


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",,,95", "service_level = '95': this is a share of 1, not of 100: write .95"),
        (",,,1", "service_level = '1': write a share above 0 and below 1"),
        (",,,0", "service_level = '0': write a share above 0 and below 1"),
        ("0,,,.9", "service_level = '0.9': safety_stock stands in the same row"),
        (",,,high", "service_level = 'high': this is no number"),
    ],
)
def test_service_levels_that_cannot_be_are_named(
    takt: Takt, tmp_path: Path, row: str, told: str
) -> None:
    path = alone(tmp_path, f"tube,east,7,{row}", demand(("order", "tube", 0, [1])))
    assert f"items.csv:2 {told}" in refused(takt, path)
