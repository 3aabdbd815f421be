"""`takt plan`: what it plans."""

import gzip
import re
from datetime import date, timedelta
from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

from .plan_folders import GUIDE, MOVED, START, Takt, folder, orders, planned


def test_a_folder_is_planned_with_the_defaults_of_the_guide(takt: Takt, tmp_path: Path) -> None:
    """Twelve bikes: 11 missing, lots of 4: 12 in week 3, begun in week 2, with 24 wheels.

    17 wheels are there by then, 5 stay: 12 are missing; their 10 days are two weeks. A fourth of a
    tube each, with a fifth lost: 12 * .25 / .8 = 3.75.
    """
    assert orders(takt, folder(tmp_path)) == [
        ("bike", date(2026, 12, 21), date(2026, 12, 14), 12),
        ("wheel", date(2026, 12, 14), date(2026, 12, 4), 12),
        ("tube", date(2026, 11, 30), date(2026, 11, 30), 3.75),
    ]
    found = planned(takt, tmp_path)
    assert (found["items"], found["orders"], found["quantity"]) == (3, 3, 27.75)
    assert found["messages"] == {
        "expedite": 1,  # the tubes, whose lead time is too long
        "defer": 0,
        "increase": 0,
        "decrease": 0,
        "cancel": 0,
        "release": 1,
    }
    assert found["seconds"].keys() == {"read", "plan", "write"}
    assert found["peak_mb"] > 0
    assert found["notes"] == []


def test_the_guides_example_prints_what_the_guide_shows(takt: Takt, tmp_path: Path) -> None:
    code, out, err = takt("plan", folder(tmp_path), "--start", START, "--weeks", 8)
    assert code == 0
    shown = re.search(r"```console\n\$ takt plan [^\n]*\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert shown
    assert out == shown[1]
    assert "reading demand.csv" in err


@pytest.mark.parametrize("suffix", ["parquet", "csv.gz"])
def test_other_forms_of_the_same_files_give_the_same_plan(
    takt: Takt, tmp_path: Path, suffix: str
) -> None:
    expected = orders(takt, folder(tmp_path))
    for path in tmp_path.glob("*.csv"):
        if suffix == "parquet":
            pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), path.with_suffix(".parquet"))
        else:
            path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert orders(takt, tmp_path) == expected


def test_a_firm_order_takes_its_components_and_a_sent_one_has_taken_them(
    takt: Takt, tmp_path: Path
) -> None:
    for firm, wheels in (("false", 0), ("true", 8)):
        path = folder(
            tmp_path,
            receipts=f"""
                order,item,site,due,quantity,firm
                WO-1,bike,east,2026-12-21,20,{firm}
            """,
            stock="item,site,quantity\nbike,east,1\nwheel,east,37",
        )
        found = orders(takt, path)
        assert [row[0] for row in found if row[0] == "bike"] == []
        assert sum(row[3] for row in found if row[0] == "wheel") == wheels


def test_suppliers_and_calendars_set_lead_times(takt: Takt, tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        suppliers="""
            item,supplier,lead_time_days,calendar
            tube,Pipes Ltd,2,tuesdays
        """,
        calendars="""
            calendar,day,minutes
            tuesdays,tuesday,480
            tuesdays,2026-12-01,0
        """,
        demand="""
            demand,item,site,due,quantity
            D-1,tube,east,2026-12-21,3
        """,
        bom=None,
        receipts=None,
    )
    assert [row for row in orders(takt, path) if row[0] == "tube"] == [
        ("tube", date(2026, 12, 21), date(2026, 12, 8), 3)
    ]
    assert "There is no file bom: planned as if it were empty." in planned(takt, path)["notes"]


def test_a_quantity_far_above_the_usual_is_planned_and_pointed_out(
    takt: Takt, tmp_path: Path
) -> None:
    days = [date(2026, 12, 1) + timedelta(days=number) for number in range(9)]
    rows = [f"D-{day},tube,east,{day},{10 + day.day % 3}" for day in days]
    rows += ["D-x,tube,east,2026-12-30,10000000", "D-y,tube,east,2027-06-01,10"]
    path = folder(
        tmp_path, demand="\n".join(["demand,item,site,due,quantity", *rows]), bom=None, stock=None
    )
    found = planned(takt, path)
    assert found["quantity"] > 10_000_000
    told = [note for note in found["notes"] if "demand.csv:11 quantity = 10000000" in note]
    assert told
    assert "tube at east has about 10.8" in told[0]
    assert any("1 demands are due after the horizon" in note for note in found["notes"])


def test_semicolons_a_byte_order_mark_and_empty_files_are_read(takt: Takt, tmp_path: Path) -> None:
    expected = orders(takt, folder(tmp_path))
    for path in tmp_path.glob("*.csv"):
        path.write_text("\ufeff" + path.read_text().replace(",", ";"), "utf-8")
    (tmp_path / "suppliers.csv").write_text("item;supplier;lead_time_days\n")
    assert orders(takt, tmp_path) == expected


def test_a_line_holds_for_what_is_released_in_its_time_and_yield_and_phantoms_count(
    takt: Takt, tmp_path: Path
) -> None:
    """Four bikes a week from week 1 on are begun a week before; from 7 December on with hubs.

    Of wheels every fifth is spoiled: 8 good ones are 10 begun. A hub passes its need on to bolts.
    """
    path = folder(
        tmp_path,
        items="""
            item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple,yield,phantom,fences
            bike,east,7,0,,,,,
            wheel,east,0,0,,,0.8,,
            hub,east,21,9,7,7,,true,49
            bolt,east,0,0,,,,,
            tube,east,0,0,,,,,
        """,
        bom="""
            parent,component,quantity,valid_from,valid_to
            bike,wheel,2,,2026-12-06
            bike,hub,1,2026-12-07,
            hub,bolt,3,,
            wheel,tube,1,,
        """,
        stock=None,
        receipts=None,
        demand="""
            demand,item,site,due,quantity
            D-1,bike,east,2026-12-07,4
            D-2,bike,east,2026-12-14,4
        """,
    )
    assert [(row[0], row[1], row[3]) for row in orders(takt, path)] == [
        ("bike", date(2026, 12, 7), 4),
        ("bike", date(2026, 12, 14), 4),
        ("wheel", date(2026, 11, 30), 8),
        ("bolt", date(2026, 12, 7), 12),
        ("tube", date(2026, 11, 30), 10),
    ]


def test_what_is_moved_is_needed_where_it_comes_from_when_it_leaves(
    takt: Takt, tmp_path: Path
) -> None:
    """4 are wanted, 5 moved, 8 made; wheels are taken where bikes are made, and not in the west."""
    path = folder(tmp_path, **MOVED, transfers="item,site,origin\nbike,west,east\n")
    assert sorted(orders(takt, path)) == [
        ("bike", date(2026, 12, 14), date(2026, 12, 7), 8),
        ("bike", date(2026, 12, 21), date(2026, 12, 14), 5),
        ("wheel", date(2026, 11, 30), date(2026, 11, 30), 5),
        ("wheel", date(2026, 12, 7), date(2026, 11, 30), 16),
    ]
