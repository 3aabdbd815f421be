"""`takt import supply`, with a door that keeps what it is told, as a running Takt would."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from takt.deals.schemas.sales import SalesIn
from takt.standalone.supply_folder.sending import KEYS
from takt.supply_planning.schemas import network, shop

Takt = Callable[..., tuple[int, str, str]]
GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "plan.md"
FILES = dict(re.findall(r"```csv (\w+)\.csv\n(.*?)```", GUIDE.read_text("utf-8"), re.S))
SCHEMAS: dict[str, Any] = {
    "calendars": network.Calendar,
    "sites": network.Site,
    "items": network.Item,
    "bills-of-material": network.BillOfMaterial,
    "stock": network.Stock,
    "suppliers": network.Supplier,
    "scheduled-receipts": network.ScheduledReceipt,
    "sourcing": network.Sourcing,
    "resources": shop.Resource,
    "routings": shop.Routing,
}


class Running:
    """What a running Takt keeps, by the schemas of its routes."""

    def __init__(self) -> None:
        self.there: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {n: {} for n in SCHEMAS}
        self.there |= {"products": {}, "regions": {}, "sales": {}}
        self.writes: list[str] = []

    def sells(self, product: str, region: str) -> None:
        self.there["products"][product,] = {"code": product, "list_price": "300"}
        self.there["regions"][region,] = {"code": region}

    def reply(self, request: httpx.Request) -> httpx.Response:
        noun = request.url.path.split("/")[2]
        if request.method == "GET":
            return httpx.Response(200, json={"items": [*self.there[noun].values()], "next": None})
        body = json.loads(request.content)
        self.writes.append(noun)
        if noun == "sales":
            found = SalesIn.model_validate(body).model_dump(mode="json")["items"]
            self.there[noun] |= {(one["order_line"],): one for one in found}
            return httpx.Response(200, json=found)
        many = TypeAdapter(network.Many[SCHEMAS[noun]])  # type: ignore[valid-type]
        found = many.dump_python(many.validate_python(body), mode="json")["items"]
        keys = [tuple(one[name] for name in KEYS[noun]) for one in found]
        assert len({*keys}) == len(keys), "a running Takt refuses what comes twice"
        self.there[noun] |= {tuple(one[name] for name in KEYS[noun]): one for one in found}
        return httpx.Response(200, json={"written": len(found)})


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    """A Takt of whom nothing is known yet."""
    found = Running()

    class Client(httpx.Client):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings, transport=httpx.MockTransport(found.reply))

    monkeypatch.setattr(httpx, "Client", Client)
    monkeypatch.setenv("TAKT_KEY", "k")
    monkeypatch.setenv("TAKT_URL", "http://takt")
    return found


def folder(tmp_path: Path, **changed: str) -> Path:
    """The files of the guide, some of them otherwise."""
    for name, text in (FILES | changed).items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def imported(takt: Takt, path: Path, *more: object) -> dict[str, Any]:
    code, out, err = takt("import", "supply", path, "-o", "json", *more)
    found: dict[str, Any] = json.loads(out)
    assert code == bool(found["problems"]), err
    return found


def test_the_folder_of_the_guide_becomes_what_the_routes_take(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    found = imported(takt, folder(tmp_path))
    assert found["problems"] == []
    (bike,) = running.there["items"]["bike",]["sites"]
    assert (bike["source"], bike["lead_time_days"], bike["minimum"]) == ("make", 7, "3")
    (tube,) = running.there["items"]["tube",]["sites"]
    assert (tube["source"], tube["lead_time_days"]) == ("buy", 14)
    (line,) = running.there["bills-of-material"]["wheel",]["components"]
    assert (line["component"], line["quantity"], line["scrap"]) == ("tube", "0.25", "0.2")
    assert running.there["stock"]["wheel", "east"]["on_hand"] == "7"
    assert running.there["scheduled-receipts"]["PO-1",]["due_on"] == "2026-12-14"
    sale = running.there["sales"]["D-1 | bike | east",]
    assert (sale["product"], sale["region"], sale["quantity"]) == ("bike", "east", "12")
    assert (sale["price"], sale["requested_date"]) == ("300", "2026-12-22")
    (rule,) = running.there["sourcing"].values()
    assert rule["shares"] == [{"site": "east", "share": "1"}]


def test_twice_changes_nothing(takt: Takt, tmp_path: Path, running: Running) -> None:
    running.sells("bike", "east")
    imported(takt, folder(tmp_path))
    running.writes.clear()
    found = imported(takt, tmp_path)
    assert running.writes == []
    assert {(counts["new"], counts["changed"]) for counts in found["counts"].values()} == {(0, 0)}
    assert found["counts"]["items"]["unchanged"] == 3


SHOP = {
    "calendars": "calendar,day,minutes\nshift,monday,480\nshift,tuesday,480\n",
    "resources": "resource,calendar,units,efficiency\nsaw,shift,2,0.9\npress,,,\n",
    "routings": (
        "item,site,step,resource,minutes,setup_minutes\n"
        "bike,east,20,press,2.5,\nbike,east,10,saw,4,15\nwheel,east,1,saw,1,\n"
    ),
}


def test_resources_and_routings_are_taken_with_their_steps_in_order(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    found = imported(takt, folder(tmp_path, **SHOP))
    assert found["problems"] == []
    assert not [note for note in found["notes"] if "Not read" in note]
    saw, press = running.there["resources"].values()
    assert (saw["calendar"], saw["units"], saw["efficiency"]) == ("shift", "2", "0.9")
    assert (press["calendar"], press["units"], press["overtime_cost"]) == (None, "1", "1")
    assert running.there["routings"]["bike", "east"]["operations"] == [
        {"resource": "saw", "minutes": "4", "setup_minutes": "15"},
        {"resource": "press", "minutes": "2.5", "setup_minutes": "0"},
    ]
    running.writes.clear()
    again = imported(takt, tmp_path)
    assert running.writes == []
    assert again["counts"]["routings"] == {"new": 0, "changed": 0, "unchanged": 2}
    turned = SHOP["routings"].replace("bike,east,20", "bike,east,5")
    imported(takt, folder(tmp_path, **SHOP | {"routings": turned}))
    assert running.writes == ["routings"]
    first, _ = running.there["routings"]["bike", "east"]["operations"]
    assert first["resource"] == "press"


def test_a_routing_of_what_is_bought_is_told_and_one_on_no_resource_refused(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    header = "item,site,step,resource,minutes\n"
    found = imported(takt, folder(tmp_path, **SHOP | {"routings": header + "tube,east,1,saw,1\n"}))
    (told,) = found["problems"]
    assert (told["file"], told["line"], told["field"], told["value"]) == (
        "routings.csv",
        2,
        "item",
        "tube",
    )
    assert running.there["routings"] == {}
    running.writes.clear()
    lathe = SHOP | {"routings": header + "bike,east,1,lathe,1\n"}
    code, _, err = takt("import", "supply", folder(tmp_path, **lathe))
    assert (code, running.writes) == (1, [])
    assert "lathe" in err


def test_a_changed_row_alone_is_written_and_what_the_folder_does_not_say_stays(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    imported(takt, folder(tmp_path))
    running.there["items"]["bike",]["name"] = "A bicycle"
    running.there["items"]["bike",]["sites"][0]["tolerance_days"] = 3
    running.writes.clear()
    changed = FILES["items"].replace("bike,east,7,0,3,4", "bike,east,8,0,3,4")
    found = imported(takt, folder(tmp_path, items=changed))
    assert running.writes == ["items"]
    assert found["counts"]["items"] == {"new": 0, "changed": 1, "unchanged": 2}
    bike = running.there["items"]["bike",]
    assert bike["name"] == "A bicycle"
    assert (bike["sites"][0]["lead_time_days"], bike["sites"][0]["tolerance_days"]) == (8, 3)


def test_the_lines_of_an_order_are_receipts_of_their_own_also_when_one_comes_later(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    head = "order,item,site,due,quantity\n"
    lines = ["PO,wheel,east,2026-12-21,4\n", "PO,tube,east,2026-12-14,9\n"]
    imported(takt, folder(tmp_path, receipts=head + lines[0]))
    more = [*lines, "PO,tube,east,2026-12-21,2\n", "GONE,tube,east,2026-12-21,0\n"]
    path = folder(tmp_path, receipts=head + "".join(more))
    imported(takt, path)
    receipts = running.there["scheduled-receipts"]
    assert {key: (one["item"], one["quantity"]) for (key,), one in receipts.items()} == {
        "PO": ("tube", "9"),
        "PO | tube | east": ("tube", "2"),
        "PO | wheel | east": ("wheel", "4"),
    }
    running.writes.clear()
    assert imported(takt, path)["counts"]["scheduled-receipts"]["unchanged"] == 4
    assert running.writes == []
    imported(takt, folder(tmp_path, receipts=head + lines[0]))
    assert {key: (one["item"], one["quantity"]) for (key,), one in receipts.items()} == {
        "PO": ("wheel", "4"),
        "PO | tube | east": ("tube", "0"),
        "PO | wheel | east": ("wheel", "0"),
    }


def test_another_day_of_an_order_renames_none_and_a_day_that_has_gone_is_said(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    def sales(*days: str) -> dict[str, Any]:
        rows = [f"D-1,bike,east,{day},12,order" for day in days]
        demand = "\n".join(["demand,item,site,due,quantity,kind", *rows])
        return imported(takt, folder(tmp_path, demand=demand))

    def known() -> dict[str, str]:
        return {line: one["requested_date"] for (line,), one in running.there["sales"].items()}

    running.sells("bike", "east")
    sales("2026-12-22")
    sales("2027-01-05", "2026-12-22")
    both = {"D-1 | bike | east": "2026-12-22", "D-1 | bike | east | 2": "2027-01-05"}
    assert known() == both
    # An earlier day that comes, and the first that goes, leave the others what they are.
    sales("2026-12-01", "2027-01-05", "2026-12-22")
    assert known() == both | {"D-1 | bike | east | 3": "2026-12-01"}
    said = sales("2027-01-05")
    assert known() == both | {"D-1 | bike | east | 3": "2026-12-01"}
    assert said["counts"]["sales"] == {"new": 0, "changed": 0, "unchanged": 1}
    gone = "2 in all: D-1 | bike | east, D-1 | bike | east | 3."
    assert any(gone in one for one in said["notes"])
    # Another day in its place is the same order, later.
    sales("2027-01-12")
    assert known()["D-1 | bike | east"] == "2027-01-12"


def test_a_service_level_goes_in_and_what_was_accepted_for_it_stays(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    head, bike, *rest = FILES["items"].strip().splitlines()
    items = [f"{head},service_level", f"{bike.replace(',7,0,', ',7,,')},.95"]
    items += [f"{row}," for row in rest]
    path = folder(tmp_path, items="\n".join(items))
    imported(takt, path)
    (bike_there,) = running.there["items"]["bike",]["sites"]
    assert (bike_there["service_level"], bike_there["safety_stock"]) == ("0.95", "0")
    bike_there["safety_stock"] = "12"
    running.writes.clear()
    imported(takt, path)
    assert running.writes == []
    items[1] = items[1].replace(".95", "")
    imported(takt, folder(tmp_path, items="\n".join(items)))
    (bike_there,) = running.there["items"]["bike",]["sites"]
    assert (bike_there["service_level"], bike_there["safety_stock"]) == (None, "0")


def test_what_files_have_no_column_for_and_alternates_stay(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    imported(takt, folder(tmp_path))
    running.there["sites"]["east",]["calendar"] = "shift"
    (bike,) = running.there["items"]["bike",]["sites"]
    bike |= {"unit_cost": "5", "fence_days": 14, "maximum": "60"}
    (line,) = running.there["bills-of-material"]["wheel",]["components"]
    line["alternates"] = [{"component": "rim", "quantity": "1"}]
    running.writes.clear()
    imported(takt, folder(tmp_path))
    assert running.writes == []
    imported(takt, folder(tmp_path, bom=FILES["bom"].replace(",0.2", ",0.1")))
    assert running.writes == ["bills-of-material"]
    (line,) = running.there["bills-of-material"]["wheel",]["components"]
    assert (line["scrap"], line["alternates"][0]["component"]) == ("0.1", "rim")


def test_another_unit_than_takt_counts_in_is_refused(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    imported(takt, folder(tmp_path))
    running.there["items"]["tube",]["unit"] = "m"
    head, *rows = FILES["items"].strip().splitlines()
    items = "\n".join([f"{head},unit", *(f"{row},each" for row in rows)])
    code, _, err = takt("import", "supply", folder(tmp_path, items=items))
    assert code == 1
    assert "items, tube: unit = 'each', and Takt counts it in 'm'" in err


def test_a_line_at_one_site_of_several_is_told(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    items = FILES["items"] + "bike,west,7,0,3,4\nwheel,west,7,0,,\ntube,west,7,0,,\n"
    bom = "parent,component,quantity,site\nbike,wheel,2,\nbike,tube,1,east\n"
    found = imported(takt, folder(tmp_path, items=items, bom=bom))
    told = [one for one in found["problems"] if one["field"] == "site" and one["line"] == 3]
    assert "one bill of bike for all sites" in told[0]["remedy"]


def test_a_dry_run_writes_nothing_and_counts(takt: Takt, tmp_path: Path, running: Running) -> None:
    running.sells("bike", "east")
    found = imported(takt, folder(tmp_path), "--dry-run")
    assert running.writes == []
    assert found["counts"]["items"] == {"new": 3, "changed": 0, "unchanged": 0}
    assert found["counts"]["sales"]["new"] == 2


def test_demand_that_a_running_takt_cannot_take_is_named_row_by_row(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    demand = """demand,item,site,due,quantity,kind
                D-1,bike,east,2026-12-22,12,order
                F-1,bike,east,2026-12-22,5,forecast
                H-1,bike,east,2025-12-22,5,history"""
    found = imported(takt, folder(tmp_path, demand=demand))
    forecast, history, order = found["problems"]
    assert (history["line"], history["field"]) == (4, "kind")
    assert (forecast["line"], forecast["field"]) == (3, "kind")
    assert "planned by `takt plan` only" in forecast["remedy"]
    assert (order["file"], order["line"], order["field"]) == ("demand.csv", 2, "item")
    assert "planned by `takt plan` only" in order["remedy"]
    assert "sales" not in running.writes
    code, out, err = takt("import", "supply", tmp_path)
    assert code == 1
    assert out.startswith("Imported:\n")
    assert "demand.csv:3 kind = 'forecast': a running Takt forecasts by itself" in err


def test_transfers_other_bills_and_what_is_owed_are_told(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    changed = {
        "items": FILES["items"] + "bike,west,2,0,,\nwheel,west,1,0,,\n",
        "bom": "parent,component,quantity,site\nbike,wheel,2,east\nwheel,tube,.25,east\n",
        "stock": "item,site,quantity\nbike,east,-2\n",
        "transfers": "item,site,origin\nbike,west,east\n",
    }
    found = imported(takt, folder(tmp_path, **changed))
    told = {(one["file"], one["field"]) for one in found["problems"]}
    assert told == {("transfers.csv", "origin"), ("stock.csv", "quantity")}
    sources = {one["site"]: one["source"] for one in running.there["items"]["bike",]["sites"]}
    assert sources == {"east": "make", "west": "buy"}


def test_suppliers_and_calendars_keep_what_else_they_have(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    running.sells("bike", "east")
    path = folder(
        tmp_path,
        calendars="calendar,day,minutes\nwork,monday,480\nwork,2026-12-24,0\n",
        suppliers="item,supplier,lead_time_days,calendar\ntube,Rubber,9,work\n",
    )
    found = imported(takt, path)
    assert "1 items that are bought have no cost in items: offered at price 0." in found["notes"]
    rubber = running.there["suppliers"]["Rubber",]
    assert rubber["calendar"] == "work"
    assert running.there["calendars"]["work",]["exceptions"] == {"2026-12-24": 0}
    rubber["payment_days"] = 30
    rubber["offers"][0]["price_breaks"] = [{"quantity": "0", "price": "4"}]
    rubber["offers"].append({**rubber["offers"][0], "item": "other"})
    running.writes.clear()
    imported(takt, path)
    assert running.writes == []


def test_a_folder_with_something_wrong_is_refused_as_by_takt_plan(
    takt: Takt, tmp_path: Path, running: Running
) -> None:
    path = folder(tmp_path, stock="item,site,quantity\nboat,east,2\n")
    code, out, err = takt("import", "supply", path)
    assert (code, out) == (1, "")
    assert "stock.csv:2 item = 'boat': items has no such item" in err
    assert "nothing was imported" in err
    assert running.writes == []


def test_a_frepple_model_goes_in_the_same_way(takt: Takt, tmp_path: Path, running: Running) -> None:
    file = tmp_path / "model.json"
    model = [
        {"model": "input.item", "fields": {"name": "bike"}},
        {"model": "input.location", "fields": {"name": "east"}},
        {"model": "input.buffer", "fields": {"item": "bike", "location": "east", "onhand": 4}},
    ]
    file.write_text(json.dumps(model))
    code, out, err = takt("import", "frepple", file, "-o", "json")
    assert code == 0, err
    assert json.loads(out)["loaded"]["counts"]["stock"]["new"] == 1
    assert running.there["stock"]["bike", "east"]["on_hand"] == "4"
