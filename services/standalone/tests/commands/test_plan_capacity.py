"""`takt plan --capacity`: the guide's folder when its bench works 10,080 minutes a week.

A bike takes 1,000 minutes. The 12 that netting orders for 21 December are 1,920 minutes too many;
there are 17 wheels for them, so that 2.5 of the 11 that are needed wait for wheels until 4 January:
5 bike-weeks late at best. In lots of 4 it is 3 bikes: 6.
"""

import json
import signal
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet
import pytest

from takt.standalone.commands.progress import Progress

from .plan_folders import START, Takt, folder, orders

SHOP: dict[str, str | None] = {
    "resources": "resource,overtime_minutes\nbench,0\n",
    "routings": "item,site,step,resource,minutes\nbike,east,1,bench,1000\n",
}


def run(takt: Takt, path: Path, *more: object) -> tuple[int, str, str]:
    return takt("plan", path, "--start", START, "--weeks", 8, "--capacity", *more)


def limited(takt: Takt, path: Path, *more: object) -> dict[str, Any]:
    code, out, err = run(takt, path, "-o", "json", *more)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)["capacity"]
    return found


def with_column(path: Path, file: str, column: str, *values: str) -> Path:
    """A column more in a file, with values for its first rows."""
    header, *rows = (path / f"{file}.csv").read_text().splitlines()
    filled = [*values, *[""] * (len(rows) - len(values))]
    lines = [f"{header},{column}", *(f"{row},{one}" for row, one in zip(rows, filled, strict=True))]
    (path / f"{file}.csv").write_text("\n".join(lines) + "\n")
    return path


def whom(over: dict[str, Any]) -> dict[Any, Any]:
    """For whom an overload is, with minutes."""
    found = {
        (one["demand"], one["due"], one["quantity"]): pytest.approx(one["minutes"])
        for one in over["demands"]
    } | {name: pytest.approx(over[f"{name}_minutes"]) for name in ("stock", "owed")}
    return {name: minutes for name, minutes in found.items() if minutes != 0}


def test_overloads_and_the_plan_within_capacity_are_told(takt: Takt, tmp_path: Path) -> None:
    found = limited(takt, folder(tmp_path, **SHOP))
    assert found["overloads"] == 1
    (over,) = found["overloaded"]
    assert (over["resource"], over["week"], over["missing"]) == ("bench", "2026-12-14", 1920)
    assert over["orders"] == [{"item": "bike", "site": "east", "minutes": 12000}]
    assert whom(over) == {("D-1", "2026-12-22", 12): 11_000, "stock": 1_000}
    assert (found["bound"], found["lateness"]) == (pytest.approx(5), pytest.approx(6))
    assert found["gap"] == pytest.approx(0.2)
    assert (found["late_at_end"], found["overtime_minutes"]) == (pytest.approx(0), 0)
    assert found["method"] == "linear programme, then lots"


def test_firm_orders_and_every_lot_of_an_order_load_resources(takt: Takt, tmp_path: Path) -> None:
    """12 firm bikes; without them 12 in lots of at most 4, each set up for 100 minutes."""
    firm: dict[str, str | None] = {
        "receipts": "order,item,site,due,quantity,firm\nMO-1,bike,east,2026-12-21,12,true\n",
        "stock": "item,site,quantity\nwheel,east,30\n",
        "resources": "resource,overtime_minutes\nbench,3000\n",
    }
    (over,) = limited(takt, folder(tmp_path, **SHOP | firm))["overloaded"]
    assert (over["resource"], over["week"], over["missing"]) == ("bench", "2026-12-14", 1920)
    assert over["orders"] == [{"item": "bike", "site": "east", "minutes": 12000}]
    # 4 that netting orders for the first week go before.
    assert whom(over) == {("D-1", "2026-12-22", 12): 9_000, "stock": 3_000}

    path = with_column(folder(tmp_path, **SHOP), "routings", "setup_minutes", "100")
    (over,) = limited(takt, with_column(path, "items", "lot_maximum", "4"))["overloaded"]
    assert over["load"] == 12_300


def test_an_overload_below_is_for_the_demands_at_the_top_of_all_bills(
    takt: Takt, tmp_path: Path
) -> None:
    """Tubes for 20 wheels: 5 are kept, 12 for six bikes, 3 for themselves; a wheel is owed."""
    changed: dict[str, str | None] = {
        "items": "item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple\n"
        "bike,east,0,0,,\nwheel,east,0,5,,\ntube,east,0,0,,\nsteel,east,0,0,,\n",
        "bom": "parent,component,quantity\nbike,wheel,2\nwheel,tube,1\ntube,steel,1\n",
        "stock": "item,site,quantity\nwheel,east,-1\n",
        "receipts": None,
        "demand": "demand,item,site,due,quantity\nD-1,bike,east,2026-12-01,4\n"
        "D-2,bike,east,2026-12-02,2\nSPARE,wheel,east,2026-12-01,3\n",
        "routings": "item,site,step,resource,minutes\ntube,east,1,bench,1000\n",
    }
    path = folder(tmp_path, **SHOP | changed)
    (over,) = limited(takt, path)["overloaded"]
    assert over["load"] == 21_000
    assert whom(over) == {
        ("D-1", "2026-12-01", 4): 8_000,
        ("D-2", "2026-12-02", 2): 4_000,
        ("SPARE", "2026-12-01", 3): 3_000,
        "stock": 5_000,
        "owed": 1_000,
    }
    assert [one["minutes"] for one in over["demands"]] == pytest.approx([8_000, 4_000, 3_000])
    (path / "demand.csv").write_text(
        changed["demand"].replace(
            "D-2,bike,east,2026-12-02,2", "E,bike,east,2026-12-02,1\nF,bike,east,2026-12-02,1"
        )  # type: ignore[union-attr]
    )
    shown = (
        "D-1 of 2026-12-01 (8,000), SPARE of 2026-12-01 (3,000), E of 2026-12-02 (2,000), "
        "and 1 more, stock (5,000), owed (1,000)"
    )
    assert shown in run(takt, path)[1]


def test_the_orders_that_are_written_are_those_within_capacity(takt: Takt, tmp_path: Path) -> None:
    written = orders(takt, folder(tmp_path, **SHOP), "--capacity")
    bikes = [(str(release), number) for item, _, release, number in written if item == "bike"]
    assert bikes == [("2026-12-14", 8), ("2026-12-28", 4)]


def test_what_can_be_delivered_is_a_forecast_of_its_own_that_capacity_can_meet(
    takt: Takt, tmp_path: Path
) -> None:
    """Of 13 bikes 2 are in stock, 8 are made in the week before the 21st, 4 wait for wheels."""
    path, target = folder(tmp_path, **SHOP), tmp_path / "attainable.csv"
    assert limited(takt, path, "--attainable", target)["lateness"] == pytest.approx(6)
    found = [
        (row["demand"], row["item"], row["site"], str(row["due"]), row["quantity"], row["kind"])
        for row in pyarrow.csv.read_csv(target).to_pylist()
    ]
    assert found == [
        ("attainable", "bike", "east", "2026-11-30", 1, "forecast"),
        ("attainable", "bike", "east", "2026-12-21", 9, "forecast"),
        ("attainable", "bike", "east", "2027-01-04", 3, "forecast"),
    ]
    target.replace(path / "demand.csv")
    again = limited(takt, path)
    assert (again["lateness"], again["late_at_end"]) == (pytest.approx(0), pytest.approx(0))


def test_what_is_owed_is_served_first_and_no_part_of_what_can_be_delivered(
    takt: Takt, tmp_path: Path
) -> None:
    """Three bikes are owed and ten a week can be made: of ten wanted at once seven, then three."""
    owed: dict[str, str | None] = {
        "items": "item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple\n"
        "bike,east,0,0,,\nwheel,east,0,0,,\n",
        "bom": "parent,component,quantity\nbike,wheel,2\n",
        "stock": "item,site,quantity\nbike,east,-3\n",
        "receipts": None,
        "demand": "demand,item,site,due,quantity\nD-1,bike,east,2026-11-30,10\n",
        "routings": "item,site,step,resource,minutes\nbike,east,1,bench,1008\n",
    }
    target = tmp_path / "attainable.parquet"
    limited(takt, folder(tmp_path, **SHOP | owed), "--attainable", target)
    rows = pyarrow.parquet.read_table(target).to_pylist()
    assert [(str(row["due"]), row["quantity"]) for row in rows] == [
        ("2026-11-30", 7),
        ("2026-12-07", 3),
    ]


def test_what_can_be_delivered_is_asked_for_with_capacity(takt: Takt, tmp_path: Path) -> None:
    path = folder(tmp_path, **SHOP)
    code, out, err = takt("plan", path, "--attainable", tmp_path / "a.csv", "--start", START)
    assert (code, out) == (2, "")
    assert "Give --capacity too." in err
    code, _, err = run(takt, path, "--attainable", tmp_path / "a.xlsx")
    assert code == 2
    assert "--attainable" in err
    assert ".xlsx is no form of file" in err


def test_nothing_new_arrives_inside_a_planning_time_fence(takt: Takt, tmp_path: Path) -> None:
    path = with_column(folder(tmp_path, **SHOP), "items", "fences", "28")
    assert [row[:2] for row in orders(takt, path, "--capacity") if row[0] == "bike"] == [
        ("bike", date(2026, 12, 28)),
        ("bike", date(2027, 1, 4)),
    ]


def test_what_is_owed_already_is_late_until_it_is_made(takt: Takt, tmp_path: Path) -> None:
    """Two bikes are owed, and there are wheels for them: late for the week of making them."""
    owed = limited(
        takt,
        folder(
            tmp_path,
            **SHOP,
            stock="item,site,quantity\nbike,east,-2\nwheel,east,4\n",
            demand="demand,item,site,due,quantity\nD,bike,east,2026-12-22,0\n",
        ),
    )
    assert owed["bound"] == pytest.approx(2)


def test_what_cannot_arrive_within_the_horizon_is_late_to_its_end(
    takt: Takt, tmp_path: Path
) -> None:
    items = "item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple\nbike,east,56,0,,\n"
    alone: dict[str, str | None] = {
        "items": items,
        "bom": None,
        "stock": None,
        "receipts": None,
        "demand": "demand,item,site,due,quantity\nD-1,bike,east,2027-01-18,3\n",
    }
    found = limited(takt, folder(tmp_path, **SHOP | alone))
    assert (found["bound"], found["lateness"]) == (pytest.approx(3), pytest.approx(3))


def test_steps_of_a_phantom_are_refused(takt: Takt, tmp_path: Path) -> None:
    path = with_column(folder(tmp_path, **SHOP), "items", "phantom", "true", "")
    code, out, err = run(takt, path)
    assert (code, out) == (1, "")
    assert "routings.csv:2 item = 'bike': a phantom is never made" in err


def test_an_efficiency_in_percent_is_refused(takt: Takt, tmp_path: Path) -> None:
    path = with_column(folder(tmp_path, **SHOP), "resources", "efficiency", "90")
    code, out, err = run(takt, path)
    assert (code, out) == (1, "")
    assert "efficiency = '90': this is a share, not a percentage" in err


def test_a_phantom_is_never_ordered_within_capacity(takt: Takt, tmp_path: Path) -> None:
    path = with_column(folder(tmp_path, **SHOP), "items", "phantom", "", "true")
    found = orders(takt, path, "--capacity")
    assert {row[0] for row in found} == {"bike", "tube"}
    told = limited(takt, path)
    assert (told["orders"], told["quantity"]) == (len(found), sum(row[3] for row in found))


@pytest.mark.parametrize(
    ("columns", "bikes", "note"),
    [
        ({"lot_rule": "economic", "lot_quantity": "15"}, [16], None),
        ({"lot_rule": "fixed", "lot_quantity": "8"}, [8, 8], None),
        ({"lot_rule": "fixed", "lot_quantity": "6"}, None, "lot_rule fixed of 1 items"),
        ({"lot_rule": "period", "lot_periods": "3"}, None, "lot_rule period of 1 items"),
        ({"lot_maximum": "8"}, None, "lot_maximum of 1 items"),
    ],
)
def test_lot_rules_are_kept_or_said_not_to_be(
    takt: Takt, tmp_path: Path, columns: dict[str, str], bikes: list[int] | None, note: str | None
) -> None:
    path = folder(tmp_path, **SHOP | {"resources": "resource,units\nbench,9\n"})
    for column, value in columns.items():
        with_column(path, "items", column, value)
    code, out, err = run(takt, path, "-o", "json", "--orders", tmp_path / "orders.csv")
    assert code == 0, err
    notes = json.loads(out)["notes"]
    assert [note in said for said in notes] == [True] if note else notes == []
    if note:
        assert note in run(takt, path)[2]
    if bikes:
        written = (tmp_path / "orders.csv").read_text().splitlines()[1:]
        assert [int(row.split(",")[-1]) for row in written if "bike" in row] == bikes


@pytest.mark.parametrize(
    ("file", "column", "value", "what"),
    [("bom", "valid_to", "2026-12-24", "for a time"), ("items", "yield", ".9", "yield")],
)
def test_what_a_programme_does_not_know_is_refused_not_passed_over(
    takt: Takt, tmp_path: Path, file: str, column: str, value: str, what: str
) -> None:
    path = with_column(folder(tmp_path, **SHOP), file, column, value)
    code, out, err = run(takt, path)
    assert (code, out) == (1, "")
    assert what in err


def test_tables_say_what_is_late_and_what_was_too_much(takt: Takt, tmp_path: Path) -> None:
    code, out, err = run(takt, folder(tmp_path, **SHOP))
    assert code == 0
    assert "1 overload without limits" in out
    shown = (
        "bench     2026-12-14  12,000  10,080    1,920    bike  D-1 of 2026-12-22 (11,000), stock"
    )
    assert shown in out
    assert "capacity: lateness" in err


def test_a_priority_weighs_what_is_late(takt: Takt, tmp_path: Path) -> None:
    items = "item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple,priority\n"
    rows = "bike,east,7,0,3,4,3\nwheel,east,10,5,0,1,\ntube,east,14,0,,,\n"
    found = limited(takt, folder(tmp_path, **SHOP, items=items + rows))
    assert (found["bound"], found["lateness"]) == (pytest.approx(15), pytest.approx(18))


def test_firm_orders_on_a_closed_resource_are_named_with_week_and_minutes(
    takt: Takt, tmp_path: Path
) -> None:
    receipts = "order,item,site,due,quantity,firm\nMO-1,bike,east,2026-12-21,5,true\n"
    closed = "calendar,day,minutes\nshift,monday,480\nshift,2026-12-14,0\n"
    changed = {
        **SHOP,
        "receipts": receipts,
        "calendars": closed,
        "resources": "resource,calendar\nbench,shift\n",
    }
    code, out, err = run(takt, folder(tmp_path, **changed))
    assert (code, out) == (1, "")
    assert "5,000 minutes of bench in the week of 2026-12-14" in err


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"resources": None}, "there is no file resources"),
        ({"routings": None}, "there is no file routings"),
        ({"resources": "resource,units\nbench,0\n"}, "resources.csv:2 units = '0'"),
        (
            {"routings": "item,site,step,resource,minutes\nbike,east,1,press,1\n"},
            "routings.csv:2 resource = 'press': resources has no such resource",
        ),
        (
            {"routings": "item,site,step,resource,minutes\nbike,east,1,bench,-1\n"},
            "routings.csv:2 minutes = '-1': write 0 or more",
        ),
        (
            {
                "routings": "item,site,step,resource,minutes\n"
                "bike,east,1,bench,1\nbike,east,1,bench,2\n"
            },
            "the same stands on line 2 already",
        ),
    ],
)
def test_bad_resources_and_routings_are_refused(
    takt: Takt, tmp_path: Path, changed: dict[str, str | None], told: str
) -> None:
    code, _, err = run(takt, folder(tmp_path, **(SHOP | changed)))
    assert code == 1
    assert told in err


def test_an_interrupt_ends_it_and_leaves_the_orders_that_were_written_before(
    takt: Takt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "before.csv"
    before.write_text("as it was")

    def press(_: Progress, what: str, done: int, of: int) -> None:
        if what.startswith("capacity"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "__call__", press)
    handler = signal.getsignal(signal.SIGINT)
    code, out, err = run(takt, folder(tmp_path, **SHOP), "--orders", before)
    assert (code, out) == (130, "")
    assert "what was planned before stands" in err
    assert before.read_text() == "as it was"
    assert signal.getsignal(signal.SIGINT) is handler
