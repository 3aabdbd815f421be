"""`takt import frepple`: a model becomes a folder, and every construct is accounted for."""

import csv
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Takt = Callable[..., tuple[int, str, str]]
DATA = os.environ.get("TAKT_DATA")


def row(kind: str, **fields: Any) -> dict[str, Any]:
    return {"model": f"input.{kind}", "fields": fields}


PARAMETER = {
    "model": "common.parameter",
    "pk": "currentdate",
    "fields": {"value": "2026-11-30 00:00:00"},
}
HOURS = {
    "startdate": "2001-01-01 00:00:00",
    "enddate": "2040-01-01 00:00:00",
    "starttime": "08:00:00",
    "endtime": "16:00:00",
    "saturday": False,
    "sunday": False,
}
MODEL = [
    PARAMETER,
    row("calendar", name="work", defaultvalue=0),
    row("calendarbucket", calendar_id="work", value=1, priority=9, **HOURS),
    row(
        "calendarbucket",
        calendar_id="work",
        value=0,
        priority=1,
        startdate="2026-12-24 00:00:00",
        enddate="2026-12-25 00:00:00",
    ),
    row("location", name="plant", available_id="work"),
    row("location", name="shop"),
    row("customer", name="somebody"),
    row("item", name="all"),
    row("item", name="bike", cost=300, owner_id="all", category="c"),
    row("item", name="wheel", cost="20.5", owner_id="all"),
    row("item", name="tube", owner_id="all"),
    # Two hours a bike in lots of 8, then 2 hours drying: 18 hours of 8 a day are 3 days.
    row("operation", name="build", type="routing", item="bike", location="plant", sizeminimum=8),
    row(
        "operation",
        name="dry",
        type="fixed_time",
        location="plant",
        owner="build",
        priority=2,
        duration="PT2H",
    ),
    row(
        "operation",
        name="weld",
        type="time_per",
        location="plant",
        owner="build",
        priority=1,
        duration_per="02:00:00",
    ),
    row("operationmaterial", operation="weld", item="wheel", quantity=-2, type="start"),
    row("operationmaterial", operation="weld", item="tube", quantity_fixed=-4, type="start"),
    row("operationmaterial", operation="dry", item="bike", quantity=0.8, type="end"),
    row("resource", name="crew", maximum=9),
    row("resource", name="ann", maximum=1, owner="crew"),
    row("resource", name="bob", maximum=2, owner="crew"),
    row("operationresource", operation="weld", resource="crew", quantity=1),
    row("supplier", name="maker"),
    row(
        "itemsupplier",
        item="wheel",
        supplier="maker",
        leadtime="864000",
        sizeminimum=10,
        sizemultiple=5,
        fence="1 00:00:00",
        priority=2,
    ),
    row("itemsupplier", item="wheel", supplier="maker", location="plant", priority=3),
    row("itemdistribution", item="all", origin="plant", location="shop", leadtime="90000"),
    row("buffer", item="wheel", location="plant", onhand=7, minimum=5),
    row("demand", name="D1", item="bike", location="shop", due="2026-12-22 00:00:00", quantity=12),
    row("demand", name="D2", item="tube", location="plant", due="2026-12-22", quantity=1),
    row(
        "demand",
        name="D0",
        item="bike",
        location="shop",
        due="2026-01-02 00:00:00",
        quantity=1,
        status="closed",
    ),
    row(
        "operationplan",
        reference="PO1",
        type="PO",
        status="confirmed",
        item="wheel",
        location="plant",
        supplier="maker",
        quantity=10,
        enddate="2026-12-14 00:00:00",
    ),
    row(
        "operationplan",
        reference="DO1",
        type="DO",
        status="approved",
        item="bike",
        destination="shop",
        origin="plant",
        quantity=3,
        enddate="2026-12-07 00:00:00",
    ),
    row("operationplan", reference="X", type="PO", status="proposed", item="wheel", quantity=1),
    row("forecast", name="f"),
]


def imported(
    takt: Takt, tmp_path: Path, model: list[dict[str, Any]], *more: object
) -> dict[str, Any]:
    file = tmp_path / "model.json.gz"
    file.write_bytes(gzip.compress(json.dumps(model).encode()))
    code, out, err = takt("import", "frepple", file, "--to", tmp_path / "out", "-o", "json", *more)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def table(tmp_path: Path, name: str, *columns: str) -> list[tuple[str, ...]]:
    with open(tmp_path / "out" / f"{name}.csv", encoding="utf-8", newline="") as file:
        return [tuple(one[column] for column in columns) for one in csv.DictReader(file)]


def test_operations_become_bills_lead_times_yields_and_routings(takt: Takt, tmp_path: Path) -> None:
    imported(takt, tmp_path, MODEL)
    items = table(
        tmp_path, "items", "item", "site", "lead_time_days", "lot_minimum", "yield", "calendar"
    )
    assert items[0] == ("bike", "plant", "3", "8", "0.8", "work")
    assert table(tmp_path, "bom", "parent", "component", "quantity", "site") == [
        ("bike", "wheel", "2", "plant"),
        ("bike", "tube", "0.5", "plant"),
    ]
    assert table(tmp_path, "routings", "item", "site", "step", "resource", "minutes") == [
        ("bike", "plant", "1", "crew", "120")
    ]


def test_a_pool_is_the_sum_of_its_members(takt: Takt, tmp_path: Path) -> None:
    found = imported(takt, tmp_path, MODEL)
    assert table(tmp_path, "resources", "resource", "units") == [("crew", "3")]
    told = [one for one in found["constructs"] if one["construct"] == "input.resource"]
    assert [(one["outcome"], one["rows"]) for one in told] == [("changed", 1), ("changed", 2)]


def test_suppliers_stock_transfers_and_orders_are_taken(takt: Takt, tmp_path: Path) -> None:
    imported(takt, tmp_path, MODEL)
    wheel = table(
        tmp_path, "items", "item", "safety_stock", "lot_minimum", "lot_multiple", "fences", "cost"
    )[-1]
    assert wheel == ("wheel", "5", "10", "5", "1", "20.5")
    assert table(tmp_path, "suppliers", "item", "supplier", "lead_time_days", "site") == [
        ("wheel", "maker", "10", "plant")
    ]
    assert table(tmp_path, "stock", "item", "site", "quantity") == [("wheel", "plant", "7")]
    assert table(tmp_path, "transfers", "item", "site", "origin") == [("bike", "shop", "plant")]
    assert table(tmp_path, "receipts", "order", "item", "site", "due", "firm") == [
        ("PO1", "wheel", "plant", "2026-12-14", "false"),
        ("DO1", "bike", "shop", "2026-12-07", "true"),
    ]
    assert [name for (name,) in table(tmp_path, "demand", "demand")] == ["D1", "D2"]


def test_calendars_become_a_week_and_days_that_differ(takt: Takt, tmp_path: Path) -> None:
    imported(takt, tmp_path, MODEL)
    work = [one[1:] for one in table(tmp_path, "calendars", "calendar", "day", "minutes")][:8]
    assert [minutes for _, minutes in work] == ["480"] * 5 + ["0", "0"] + ["0"]
    assert work[-1] == ("2026-12-24", "0")


def test_every_construct_is_accounted_for(takt: Takt, tmp_path: Path) -> None:
    found = imported(takt, tmp_path, MODEL)
    told = {
        (one["construct"], one["outcome"]): (one["rows"], one["how"]) for one in found["constructs"]
    }
    assert told["input.forecast", "left out"] == (1, "Takt has no such thing")
    assert told["input.customer", "left out"][0] == 1
    assert told["input.item.category", "left out"][0] == 1
    assert told["input.demand", "left out"] == (1, "closed: history, which no plan needs")
    assert told["input.demand", "changed"] == (
        1,
        "nothing says where the item comes from: planned as bought, without a lead time",
    )
    assert told["input.itemsupplier", "left out"][0] == 1
    assert told["input.operationplan", "left out"][0] == 1
    models = {one["model"] for one in MODEL}
    assert models <= {".".join(construct.split(".")[:2]) for construct, _ in told}


def test_the_folder_is_planned_through_its_transfers(takt: Takt, tmp_path: Path) -> None:
    """9 of 12 bikes are missing in the shop, and the plant still has to give the 3 that come.

    A lot is 8 begun, of which 6.4 are good: 3 leave at once, the 3.4 left and another lot are 9.
    """
    found = imported(takt, tmp_path, MODEL)
    target = tmp_path / "orders.csv"
    code, _, err = takt(
        "plan", tmp_path / "out", "--start", found["start"], "--weeks", 8, "--orders", target
    )
    assert code == 0, err
    with open(target, encoding="utf-8") as file:
        orders = {(o["item"], o["site"], o["week"]): o["quantity"] for o in csv.DictReader(file)}
    assert float(orders["bike", "shop", "2026-12-21"]) == 9
    assert float(orders["bike", "plant", "2026-11-30"]) == 6.4
    assert float(orders["bike", "plant", "2026-12-14"]) == 6.4


def test_references_to_what_is_not_there_are_refused_by_model_and_name(
    takt: Takt, tmp_path: Path
) -> None:
    wrong = [
        *MODEL,
        row("demand", name="D9", item="boat", location="shop", due="2026-12-22", quantity=1),
        row("demand", name="D8", item="bike", location="shop", due="22.12.2026", quantity="x"),
        row("item", name="bike"),
        row("operationresource", operation="glue", resource="crew", quantity=1),
        row("operationmaterial", operation="weld", item="rivet", quantity=-1),
        row("resource", name="robot", maximum_calendar_id="nights"),
    ]
    file = tmp_path / "model.json"
    file.write_text(json.dumps(wrong))
    code, out, err = takt("import", "frepple", file, "--to", tmp_path / "out")
    assert (code, out) == (1, "")
    assert f"{file}: input.demand 'D9' item = 'boat': the file has no input.item" in err
    assert "input.demand 'D8' due = '22.12.2026': it is no date" in err
    assert "input.demand 'D8' quantity = 'x': it is no number" in err
    assert "input.item 'bike' name = 'bike': the same name is there twice" in err
    assert "operation = 'glue': the file has no input.operation" in err
    assert "item = 'rivet': the file has no input.item" in err
    assert "input.resource 'robot' maximum_calendar = 'nights'" in err
    assert "7 things in the model are wrong; nothing was imported." in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "cannot be read"),
        (b"{}", "holds no list of objects"),
        (b"[]", "has no input.item"),
        (b"\x1f\x8bnot packed", "cannot be read"),
    ],
)
def test_what_is_no_model_is_refused(takt: Takt, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "model.json"
    file.write_bytes(content)
    code, _, err = takt("import", "frepple", file, "--to", tmp_path / "out")
    assert code == 2
    assert said in err


def test_of_alternate_operations_the_first_step_and_of_sources_the_first_priority_is_taken(
    takt: Takt, tmp_path: Path
) -> None:
    """As older models write it: steps in `suboperation`, the product among the materials."""
    model = [
        PARAMETER,
        {"model": "input.item", "pk": "cup", "fields": {}},
        {"model": "input.item", "pk": "clay", "fields": {}},
        {"model": "input.location", "pk": "kiln", "fields": {}},
        row("operation", name="either", type="alternate", location="kiln"),
        row("operation", name="by hand", type="fixed_time", location="kiln", duration="3 00:00:00"),
        row("operation", name="by wheel", type="fixed_time", location="kiln", duration="172800"),
        row("suboperation", operation="either", suboperation="by hand", priority=2),
        row("suboperation", operation="either", suboperation="by wheel", priority=1),
        row("operationmaterial", operation="by wheel", item="cup", quantity=2),
        row("operationmaterial", operation="by wheel", item="clay", quantity=-1),
        row("operationmaterial", operation="by hand", item="clay", quantity=-9),
        row("demand", name="D", item=["cup"], location="kiln", due="2026-12-22T00:00:00"),
    ]
    found = imported(takt, tmp_path, model)
    assert table(tmp_path, "items", "item", "lead_time_days", "lot_minimum")[1] == ("cup", "2", "2")
    assert table(tmp_path, "bom", "parent", "component", "quantity") == [("cup", "clay", "0.5")]
    kind = [one for one in found["constructs"] if one["construct"] == "input.operation.type"]
    assert [one["how"] for one in kind] == ["alternate: its first step is taken"]


def test_a_dry_run_writes_nothing(takt: Takt, tmp_path: Path) -> None:
    imported(takt, tmp_path, MODEL, "--dry-run")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(DATA is None, reason="TAKT_DATA names no folder of real data")
def test_frepples_own_model_is_imported_and_planned(takt: Takt, tmp_path: Path) -> None:
    file = Path(str(DATA)) / "frepple_manufacturing" / "manufacturing_demo.json.gz"
    code, out, err = takt("import", "frepple", file, "--to", tmp_path, "-o", "json")
    assert code == 0, err
    found = json.loads(out)
    assert found["files"]["items"] == 23
    assert found["files"]["demand"] == 16
    code, out, err = takt("plan", tmp_path, "--start", found["start"], "-o", "json")
    assert code == 0, err
    assert json.loads(out)["orders"] > 0
