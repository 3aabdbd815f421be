"""`takt import frepple` of models unlike the example: each is taken, told or refused by name."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .test_import_frepple import PARAMETER, imported, row, table

Takt = Callable[..., tuple[int, str, str]]
PLACES = [row("item", name="a"), row("item", name="b"), row("location", name="l")]
WANTED = row("demand", name="D", item="a", location="l", due="2026-12-22", quantity=5)
BASE = [PARAMETER, *PLACES, WANTED]
DAY = 86400


def operation(name: str, **fields: Any) -> dict[str, Any]:
    return row("operation", name=name, location="l", **fields)


def made(**fields: Any) -> list[dict[str, Any]]:
    return [*BASE, operation("o", item="a", type="fixed_time", **fields)]


def loaded(**fields: Any) -> list[dict[str, Any]]:
    resource = row("resource", name="r", **fields)
    return [*made(), resource, row("operationresource", operation="o", resource="r")]


def bought(**fields: Any) -> list[dict[str, Any]]:
    return [
        *BASE,
        row("supplier", name="s"),
        row("itemsupplier", item="a", supplier="s", **fields),
    ]


def working(**entry: Any) -> list[dict[str, Any]]:
    return [
        *made(duration=DAY),
        row("calendar", name="c", defaultvalue=0),
        row("calendarbucket", calendar="c", value=1, **entry),
        row("location", name="m", available="c"),
        row("operation", name="p", item="b", location="m"),
    ]


def wanted(**fields: Any) -> list[dict[str, Any]]:
    return [PARAMETER, *PLACES, row("demand", **(WANTED["fields"] | fields))]


def choice(kind: str, first: int, second: int) -> list[dict[str, Any]]:
    """A step of a day with two of b, and a step of nine days with seven."""
    return [
        *BASE,
        operation("either", type=kind, item="a"),
        operation("short", type="routing", owner="either", priority=first),
        operation("one", type="fixed_time", owner="short", duration=DAY / 2, priority=1),
        operation("two", type="fixed_time", owner="short", duration=DAY / 2, priority=2),
        row("operationmaterial", operation="one", item="b", quantity=-2),
        operation("long", type="fixed_time", owner="either", priority=second, duration=9 * DAY),
        row("operationmaterial", operation="long", item="b", quantity=-7),
        operation("other", item="a", priority=9),
        row("operationmaterial", operation="other", item="b", quantity=-3),
    ]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (wanted(quantity=-5), "input.demand 'D' quantity = '-5': it is below zero"),
        (wanted(quantity="1e999"), "quantity = '1e999': it is no number"),
        (wanted(quantity=1e-9), "quantity = '1e-09': it is less than half a millionth"),
        (wanted(quantity=1e16), "quantity = '1e+16': quantities go up to"),
        ([*BASE, WANTED], "input.demand 'D' name = 'D': the same name is there twice"),
        (BASE[:-1], "no buffer, demand, order or source names an item at a location"),
        (made(duration="1e999"), "input.operation 'o' duration = '1e999': it is no number"),
        (made(duration=1e15), "it takes 11,574,074,075 days, and at most 3,640 are planned"),
        (made(duration="99999999999 00:00:00"), "it takes 99,999,999,999 days"),
        (made(owner="o"), "input.operation owner: o > o is a cycle"),
        (loaded(owner="r"), "input.resource owner: r > r is a cycle"),
        (loaded(maximum=0), "input.resource 'r' maximum = '0': an operation that is planned"),
        (loaded(efficiency=0), "input.resource 'r' efficiency = '0': an operation that is planned"),
        (bought(fence=10**10), "it takes 115,741 days"),
        (bought(sizeminimum=9, sizemaximum=5), "sizemaximum = '5': it is below sizeminimum"),
        (bought(leadtime="P1W"), "leadtime = 'P1W': it is no duration"),
        (working(enddate="2001-01-01"), "input.calendar 'c' name = 'c': it has no weekday"),
        (working(starttime="22:00:00", endtime="06:00:00"), "it is not after starttime"),
        (
            [PARAMETER | {"fields": {"value": "soon"}}, *BASE[1:]],
            "common.parameter 'currentdate' value = 'soon': it is no date",
        ),
        (
            [
                *made(),
                operation("p", item="b"),
                row("operationmaterial", operation="o", item="b", quantity=-1),
                row("operationmaterial", operation="p", item="a", quantity=-1),
            ],
            "model.json as bom.csv: a at l > b at l > a at l is a cycle",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused_by_its_name_in_the_model(
    takt: Takt, tmp_path: Path, model: list[dict[str, Any]], said: str
) -> None:
    file = tmp_path / "model.json"
    file.write_text(json.dumps(model))
    code, out, err = takt("import", "frepple", file, "--to", tmp_path / "out")
    assert (code, out) == (1, "")
    assert said in err
    assert not (tmp_path / "out").exists()


def test_json_that_is_nested_without_end_is_refused(takt: Takt, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text("[" * 200_000)
    code, _, err = takt("import", "frepple", file, "--to", tmp_path / "out")
    assert code == 2
    assert "cannot be read" in err


@pytest.mark.parametrize(
    ("model", "days", "taken"),
    [
        (choice("alternate", 1, 2), "1", "2"),
        (choice("alternate", 0, 2), "9", "7"),
        (choice("split", 20, 80), "9", "7"),
    ],
)
def test_of_choices_one_is_taken_with_all_its_steps_and_every_row_is_told(
    takt: Takt, tmp_path: Path, model: list[dict[str, Any]], days: str, taken: str
) -> None:
    found = imported(takt, tmp_path, model)
    assert table(tmp_path, "items", "lead_time_days")[0] == (days,)
    assert table(tmp_path, "bom", "parent", "component", "quantity") == [("a", "b", taken)]
    told: Counter[str] = Counter()
    for one in found["constructs"]:
        told[one["construct"]] += one["rows"]
    rows = Counter(one["model"] for one in model)
    assert {name: told[name] for name in rows} == rows
    materials = [one for one in found["constructs"] if one["construct"].endswith("material")]
    assert [(one["outcome"], one["rows"]) for one in materials] == [("taken", 1), ("left out", 2)]


def test_resources_of_one_step_are_steps_so_that_the_folder_is_planned_within_capacity(
    takt: Takt, tmp_path: Path
) -> None:
    second = [row("resource", name="q"), row("operationresource", operation="o", resource="q")]
    found = imported(takt, tmp_path, [*loaded(), *second])
    assert table(tmp_path, "routings", "step", "resource") == [("1", "r"), ("2", "q")]
    how = [o["how"] for o in found["constructs"] if o["construct"] == "input.operationresource"]
    assert how == ["", "beside another resource: a step of its own after it"]
    folder = tmp_path / "out"
    code, _, err = takt("plan", folder, "--start", "2026-11-30", "--weeks", 4, "--capacity")
    assert code == 0, err


def test_lines_that_hold_at_once_add_up_and_a_loop_takes_from_what_is_made(
    takt: Takt, tmp_path: Path
) -> None:
    lines = [
        row("operationmaterial", operation="o", item="a", quantity=3),
        row("operationmaterial", operation="o", item="a", quantity=-1),
        row("operationmaterial", operation="o", item="b", quantity=-2, effective_end="2027-06-01"),
        row(
            "operationmaterial",
            operation="o",
            item="b",
            quantity=-4,
            effective_start="2027-01-01",
            effective_end="2027-12-31 23:59:59",
        ),
    ]
    imported(takt, tmp_path, [*made(), *lines])
    assert table(tmp_path, "bom", "component", "quantity", "valid_from", "valid_to") == [
        ("b", "1", "", "2026-12-31"),
        ("b", "3", "2027-01-01", "2027-05-31"),
        ("b", "2", "2027-06-01", "2027-12-31"),
    ]


def test_an_order_brings_what_its_steps_yield_also_of_one_choice(
    takt: Takt, tmp_path: Path
) -> None:
    order = {"type": "MO", "status": "confirmed", "quantity": 10, "enddate": "2026-12-05"}
    model = [
        *BASE,
        operation("all", type="routing", item="a"),
        operation("last", type="fixed_time", owner="all"),
        row("operationmaterial", operation="last", item="a", quantity=0.5),
        operation("either", type="alternate", item="b"),
        operation("one", type="fixed_time", owner="either"),
        row("operationplan", reference="M1", operation="all", **order),
        row("operationplan", reference="M2", operation="last", **order),
        row("operationplan", reference="M3", operation="one", **order),
    ]
    imported(takt, tmp_path, model)
    assert table(tmp_path, "receipts", "order", "item", "quantity", "firm") == [
        ("M1", "a", "5", "true"),
        ("M3", "b", "10", "true"),
    ]


def test_the_last_day_of_an_entry_counts_to_its_last_second(takt: Takt, tmp_path: Path) -> None:
    begin, end = "2026-12-24 00:00:00", "2026-12-26 23:59:59"
    model = [
        *made(duration=DAY),
        row("calendar", name="c", defaultvalue=1),
        row("calendarbucket", calendar="c", value=0, startdate=begin, enddate=end),
    ]
    model = [one for one in model if one["model"] != "input.location"]
    imported(takt, tmp_path, [*model, row("location", name="l", available="c")])
    closed = [day for day, minutes in table(tmp_path, "calendars", "day", "minutes")[7:]]
    assert closed == ["2026-12-24", "2026-12-25", "2026-12-26"]


@pytest.mark.parametrize("status", ["quote", "inquiry", "canceled", "closed", "odd"])
def test_demand_that_is_not_open_is_left_out_and_told(
    takt: Takt, tmp_path: Path, status: str
) -> None:
    model = [*BASE, row("demand", **(WANTED["fields"] | {"name": "E", "status": status}))]
    found = imported(takt, tmp_path, model)
    assert table(tmp_path, "demand", "demand") == [("D",)]
    told = [one for one in found["constructs"] if one["construct"] == "input.demand"]
    assert ("left out", 1) in [(one["outcome"], one["rows"]) for one in told]


def test_sources_hold_on_the_day_of_planning_and_of_groups_for_their_members(
    takt: Takt, tmp_path: Path
) -> None:
    supplied = {"item": "a", "supplier": "s", "location": "all"}
    model = [
        *wanted(location="k"),
        row("location", name="all"),
        row("location", name="k", owner="all"),
        row("supplier", name="s"),
        row("itemsupplier", **supplied, leadtime=1, effective_start="2027-01-01"),
        row("itemsupplier", **supplied, leadtime=1, effective_end="2026-11-30 00:00:00"),
        row("itemsupplier", **supplied, leadtime="P3DT2H", effective_end="2026-12-01 00:00:00"),
        row("buffer", item="a", location="k", onhand=-3, minimum=-2, minimum_calendar="c"),
    ]
    found = imported(takt, tmp_path, model)
    assert table(tmp_path, "suppliers", "site", "lead_time_days") == [("k", "4")]
    assert table(tmp_path, "stock", "quantity") == [("-3",)]
    told = {(one["construct"], one["outcome"], one["how"]) for one in found["constructs"]}
    assert {
        ("input.itemsupplier", "left out", "it begins after the day of planning"),
        ("input.itemsupplier", "left out", "it ended before the day of planning"),
        (
            "input.itemsupplier.effective_end",
            "left out",
            "the source of today is planned with to the end",
        ),
        ("input.buffer.minimum", "changed", "below zero: none"),
        ("input.buffer.minimum_calendar", "left out", "safety stock is one quantity"),
    } <= told
