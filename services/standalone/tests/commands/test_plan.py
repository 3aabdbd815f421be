"""`takt plan` on folders, good and bad."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

Told = tuple[int, str, str]
Takt = Callable[..., Told]

START = "2026-11-30"
GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "plan.md"
FILES = dict(re.findall(r"```csv (\w+)\.csv\n(.*?)```", GUIDE.read_text("utf-8"), re.S))


def lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"


def folder(tmp_path: Path, **changed: str | None) -> Path:
    """The files above, some of them otherwise; None leaves one out."""
    for name, text in (FILES | changed).items():
        if text is not None:
            (tmp_path / f"{name}.csv").write_text(lines(text), "utf-8")
    return tmp_path


def planned(takt: Takt, path: Path, *more: object) -> dict[str, Any]:
    code, out, err = takt("plan", path, "--start", START, "--weeks", 8, "-o", "json", *more)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def refused(takt: Takt, path: Path, *more: object) -> str:
    code, out, err = takt("plan", path, "--start", START, "--weeks", 8, *more)
    assert (code, out) == (1, "")
    return err


def orders(takt: Takt, path: Path, *more: object) -> list[tuple[Any, ...]]:
    target = path / "orders.csv"
    planned(takt, path, "--orders", target, *more)
    table = pyarrow.csv.read_csv(target).to_pylist()
    target.unlink()
    return [(row["item"], row["week"], row["release"], row["quantity"]) for row in table]


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


def test_every_fault_of_a_folder_is_told_with_its_line(takt: Takt, tmp_path: Path) -> None:
    err = refused(
        takt,
        folder(
            tmp_path,
            items="""
                item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple,lot_maximum
                bike,east,7,0,3,0,
                wheel,east,400,5,-2,1,

                tube,east,14,x,9,1,8
            """,
            bom="""
                parent,component,quantity,scrap
                bike,wheel,2,
                bike,wheel,3,
                wheel,tyre,0,1.5
            """,
            stock="""
                item,site,quantity
                bike,moon,2
                wheel,east,7
                wheel,east,8
            """,
            receipts="""
                order,item,site,due,quantity
                PO-1,wheel,east,14.12.2026,10
                PO-2,wheel,east,12/14/2026,10
                PO-3,wheel,east,2026-12-14,10
                PO-3,wheel,east,2026-12-14,11
            """,
            demand="""
                demand,item,site,due,quantity
                D-1,bike,east,2026-12-22,0.000000001
                D-2,bike,east,2026-12-22,-1
                D-3,bike,east,,nan
            """,
        ),
    )
    for told in (
        "items.csv:2 lot_multiple = '0': no lot is of this size; write more than 0, or nothing.",
        "items.csv:3 lead_time_days = '400': the horizon has 8 weeks",
        "items.csv:3 lot_minimum = '-2': no lot is of this size",
        "items.csv:5 lot_minimum = '9': it is above the lot_maximum",
        "items.csv:5 safety_stock = 'x': this is no number",
        "bom.csv:3 component = 'wheel': line 2 has it in the same parent at the same time",
        "bom.csv:4 component = 'tyre': items has no such item",
        "bom.csv:4 quantity = '0': a parent takes more than 0",
        "bom.csv:4 scrap = '1.5': scrap is a share",
        "stock.csv:2 site = 'moon': items has nothing at this site",
        "stock.csv:4 item = 'wheel': the same stands on line 3 already",
        "receipts.csv:2 due = '14.12.2026': write dates as 2026-11-23",
        "receipts.csv:3 due = '12/14/2026': write dates as 2026-11-23",
        "receipts.csv:5 order = 'PO-3': the same stands on line 4 already",
        "demand.csv:2 quantity = '1e-09': this is less than half a millionth",
        "demand.csv:3 quantity = '-1': write 0 or more.",
        "demand.csv:4 due = '': write dates as 2026-11-23",
        "demand.csv:4 quantity = 'nan': write a finite number.",
        "18 things in the folder are wrong; nothing was planned.",
    ):
        assert told in err, err


def test_a_cycle_is_named_with_all_its_members(takt: Takt, tmp_path: Path) -> None:
    err = refused(
        takt,
        folder(tmp_path, bom="parent,component,quantity\nbike,wheel,2\nwheel,tube,1\ntube,wheel,1"),
    )
    assert "bom.csv: wheel at east > tube at east > wheel at east is a cycle" in err


def test_repeated_items_name_both_lines(takt: Takt, tmp_path: Path) -> None:
    items = FILES["items"] + "bike,east,7,0,3,4\n"
    err = refused(takt, folder(tmp_path, items=items))
    assert "items.csv:5 item = 'bike': the same stands on line 2 already; keep one of them." in err


def test_missing_files_and_columns_are_told_together(takt: Takt, tmp_path: Path) -> None:
    err = refused(takt, folder(tmp_path, items=None, demand=None))
    assert "there is no file items" in err
    assert "there is no file demand" in err
    path = folder(tmp_path, bom="parent,component\nbike,wheel", stock="item,quantity\nbike,1")
    err = refused(takt, path)
    assert "bom.csv:1: there is no column quantity; there are parent, component." in err
    assert "stock.csv:1: there is no column site" in err


def test_a_unit_that_differs_between_files_is_refused(takt: Takt, tmp_path: Path) -> None:
    err = refused(
        takt,
        folder(
            tmp_path,
            stock="item,site,quantity,unit\ntube,east,2,kg",
            demand="demand,item,site,due,quantity,unit\nD-1,tube,east,2026-12-22,1,m",
        ),
    )
    assert "demand.csv:2 unit = 'm': its item is counted in kg at stock.csv:2; use one unit." in err


def test_a_component_that_its_site_does_not_plan_is_refused(takt: Takt, tmp_path: Path) -> None:
    items = FILES["items"] + "bike,west,7,0,3,4\n"
    err = refused(takt, folder(tmp_path, items=items))
    assert "bom.csv:2 component = 'wheel': items does not plan it at a site where its parent" in err


def test_a_calendar_without_working_days_is_refused(takt: Takt, tmp_path: Path) -> None:
    path = folder(tmp_path, calendars="calendar,day,minutes\nshut,monday,0\nshut,sunday,0")
    assert "calendars.csv:2 calendar = 'shut': no weekday has working minutes" in refused(
        takt, path
    )


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


def test_two_forms_of_one_file_are_refused(takt: Takt, tmp_path: Path) -> None:
    path = folder(tmp_path)
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(path / "stock.csv"), path / "stock.parquet")
    assert "stock.csv is there too; keep one of them." in refused(takt, path)


def test_semicolons_a_byte_order_mark_and_empty_files_are_read(takt: Takt, tmp_path: Path) -> None:
    expected = orders(takt, folder(tmp_path))
    for path in tmp_path.glob("*.csv"):
        path.write_text("\ufeff" + path.read_text().replace(",", ";"), "utf-8")
    (tmp_path / "suppliers.csv").write_text("item;supplier;lead_time_days\n")
    assert orders(takt, tmp_path) == expected


def test_a_row_of_another_length_is_refused(takt: Takt, tmp_path: Path) -> None:
    path = folder(tmp_path, stock="item,site,quantity\nbike,east\nwheel,east,7,8")
    err = refused(takt, path)
    assert "stock.csv:2 row = 'bike,east': give it 3 values" in err
    assert "stock.csv:3 row = 'wheel,east,7,8'" in err


def test_what_was_asked_wrongly_is_told_before_any_work(takt: Takt, tmp_path: Path) -> None:
    for asked, told in (
        ((tmp_path / "nowhere",), "is no folder"),
        ((tmp_path, "--start", "30.11.2026"), "--start 30.11.2026 is no date."),
        ((tmp_path, "--orders", tmp_path / "orders.txt"), ".txt is no form of file."),
        ((tmp_path, "--orders", tmp_path / "no" / "orders.csv"), "there is no such folder"),
    ):
        code, _, err = takt("plan", *asked)
        assert code == 2
        assert told in err


def test_quantities_too_large_to_be_exact_are_refused(takt: Takt, tmp_path: Path) -> None:
    rows = "\n".join(f"D-{n},bike,east,2026-12-22,4000000000" for n in range(3))
    path = folder(tmp_path, demand=f"demand,item,site,due,quantity\n{rows}")
    assert "bike at east" in refused(takt, path)
    assert "wheel" not in refused(takt, path)


def test_a_line_holds_for_what_is_released_in_its_time_and_yield_and_phantoms_count(
    takt: Takt, tmp_path: Path
) -> None:
    """Four bikes a week from week 1 on are begun a week before; from 7 December on with hubs.

    Of wheels every fifth is spoiled: 8 good ones are 10 begun. A hub passes its need on to bolts.
    """
    path = folder(
        tmp_path,
        items="""
            item,site,lead_time_days,safety_stock,lot_minimum,lot_multiple,yield,phantom
            bike,east,7,0,,,,
            wheel,east,0,0,,,0.8,
            hub,east,21,9,7,7,,true
            bolt,east,0,0,,,,
            tube,east,0,0,,,,
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


MOVED = {
    "items": FILES["items"] + "bike,west,7,0,5,\nwheel,west,7,0,,\n",
    "bom": "parent,component,quantity,site\nbike,wheel,2,east\n",
    "stock": None,
    "receipts": None,
    "demand": "demand,item,site,due,quantity\nD-1,bike,west,2026-12-22,4\n",
}


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


@pytest.mark.parametrize(
    ("transfers", "said"),
    [
        ("bike,west,north", "origin = 'north': items has nothing at this site"),
        ("tube,east,west", "origin = 'west': items does not plan the item there"),
        ("bike,west,west", "origin = 'west': an item comes from another site"),
        ("bike,west,east\nbike,west,east", "the same stands on line 2 already"),
        ("bike,west,east\nbike,east,west", "is a cycle; take a line out"),
    ],
)
def test_transfers_that_lead_nowhere_are_refused(
    takt: Takt, tmp_path: Path, transfers: str, said: str
) -> None:
    path = folder(tmp_path, **MOVED, transfers=f"item,site,origin\n{transfers}\n")
    assert said in refused(takt, path)


def test_a_line_for_one_site_stands_beside_no_line_for_all(takt: Takt, tmp_path: Path) -> None:
    bom = "parent,component,quantity,site\nbike,wheel,2,\nbike,wheel,3,east\nbike,tube,1,north\n"
    err = refused(takt, folder(tmp_path, **(MOVED | {"bom": bom})))
    assert "bom.csv:3 component = 'wheel': line 2 has it in the same parent" in err
    assert "bom.csv:4 site = 'north': items has nothing at this site" in err
