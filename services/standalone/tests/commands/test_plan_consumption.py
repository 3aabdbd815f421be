"""`takt plan` where orders take the place of forecast (F14)."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from .plan_folders import START, Takt, folder, orders, planned, refused

MONDAY = date(2026, 11, 30)
WEEKS = [MONDAY + timedelta(weeks=week) for week in range(4)]
COLUMNS = (
    "item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple,"
    "consume_early_days,consume_late_days"
)
ORDERED = (300, 500, 280)


def f14(tmp_path: Path, items: str) -> Path:
    """350 are forecast of each week, in two parts; 300, 500, 280, 0 ordered; 7 of no kind."""
    rows = [f"F-{part},tube,east,{week},175,forecast" for week in WEEKS for part in "ab"]
    rows += [
        f"O-1,tube,east,{week},{units},order" for week, units in zip(WEEKS, ORDERED, strict=False)
    ]
    wanted = "\n".join(["demand,item,site,due,quantity,kind", *rows, f"D-1,tube,east,{START},7,"])
    return folder(
        tmp_path,
        items=items,
        demand=wanted,
        bom=None,
        stock=None,
        receipts="order,item,site,due,quantity",
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("7,7", [307, 500, 280, 320]),
        (",0", [357, 500, 350, 350]),
        (",", [657, 850, 630, 350]),
    ],
)
def test_row_f14_orders_consume_the_forecast_of_their_week_then_of_others_within_windows(
    takt: Takt, tmp_path: Path, days: str, expected: list[int]
) -> None:
    path = f14(tmp_path, f"{COLUMNS}\ntube,east,0,0,,,{days}")
    assert [row[3] for row in orders(takt, path)] == expected


def test_how_much_is_consumed_is_told(takt: Takt, tmp_path: Path) -> None:
    notes = planned(takt, f14(tmp_path, f"{COLUMNS}\ntube,east,0,0,,,7,7"))["notes"]
    assert "Orders consume 1,080 of 1,400 units of forecast of 1 items." in notes


def test_an_overload_is_for_orders_and_what_they_left_of_the_forecast(
    takt: Takt, tmp_path: Path
) -> None:
    path = f14(tmp_path, f"{COLUMNS}\ntube,east,0,0,,,7,7\nsteel,east,0,0,,,,")
    (path / "bom.csv").write_text("parent,component,quantity\ntube,steel,1\n")
    (path / "resources.csv").write_text("resource\nbench\n")
    (path / "routings.csv").write_text("item,site,step,resource,minutes\ntube,east,1,bench,32\n")
    code, out, err = takt("plan", path, "--start", START, "--weeks", 4, "--capacity", "-o", "json")
    assert code == 0, err
    _, last = json.loads(out)["capacity"]["overloaded"]
    assert last["week"] == str(WEEKS[3])
    assert {one["demand"]: (one["quantity"], one["minutes"]) for one in last["demands"]} == {
        name: (160, pytest.approx(160 * 32)) for name in ("F-a", "F-b")
    }


@pytest.mark.parametrize("days", ["-1", "2.5"])
def test_windows_that_cannot_be_are_named(takt: Takt, tmp_path: Path, days: str) -> None:
    path = f14(tmp_path, f"{COLUMNS}\ntube,east,0,0,,,{days},")
    assert f"items.csv:2 consume_early_days = '{days}': write whole days" in refused(takt, path)
