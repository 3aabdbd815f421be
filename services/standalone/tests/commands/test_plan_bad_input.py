"""What `takt plan` refuses, and how it says so."""

from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

from .plan_folders import FILES, MOVED, Takt, folder, refused


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


def test_two_forms_of_one_file_are_refused(takt: Takt, tmp_path: Path) -> None:
    path = folder(tmp_path)
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(path / "stock.csv"), path / "stock.parquet")
    assert "stock.csv is there too; keep one of them." in refused(takt, path)


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
