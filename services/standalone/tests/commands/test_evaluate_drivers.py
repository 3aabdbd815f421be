"""`takt evaluate drivers` on files that are right and files that are not."""

import gzip
import json
import math
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from takt.standalone.cli import app
from takt.standalone.commands.output import CommandError
from takt.standalone.table_files import read_table

PERIODS = 40


def sold(periods: int = PERIODS) -> list[dict[str, object]]:
    """Two shops with two brands: each brand's price is in a column of its own, for both."""
    chance = random.Random(2)
    rows: list[dict[str, object]] = []
    for shop in ("north", "south"):
        for week in range(periods):
            prices = {brand: chance.choice((10, 10, 8)) for brand in ("a", "b")}
            for brand in ("a", "b"):
                promoted = int(chance.random() < 0.3)
                other = "b" if brand == "a" else "a"
                logs = 9 - 2 * math.log(prices[brand]) + 0.5 * math.log(prices[other])
                logs += 0.6 * promoted + chance.gauss(0, 0.05)
                rows.append(
                    {
                        "shop": shop,
                        "brand": brand,
                        "week": week,
                        "sold": round(math.exp(logs), 3),
                        "price_a": prices["a"],
                        "price_b": prices["b"],
                        "promoted": promoted,
                        "constant": 1,
                    }
                )
    return rows


def plain(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The same in the usual names, by ISO weeks."""
    return [
        {
            "unique_id": f"{row['shop']}/{row['brand']}",
            "ds": date(2026, 1, 5) + timedelta(weeks=int(str(row["week"]))),
            "y": row["sold"],
            "price": row[f"price_{row['brand']}"],
            "promoted": row["promoted"],
        }
        for row in rows
    ]


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    text = "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, "utf-8")
    return path


def run(*arguments: object) -> str:
    """What the verb writes to stdout. Raises CommandError: as `takt` would tell it."""
    done = CliRunner().invoke(app, ["evaluate", "drivers", *map(str, arguments)])
    if isinstance(done.exception, CommandError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(path: Path, rows: list[dict[str, object]], *arguments: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(written(path, rows), *arguments)
    assert caught.value.code == 2
    assert caught.value.remedy
    return caught.value


NAMED = ("--series", "shop", "--series", "brand", "--time", "week", "--target", "sold")


def test_named_columns_own_and_rival_prices_and_groups_are_understood(tmp_path: Path) -> None:
    file = written(tmp_path / "juice.csv.gz", sold())
    options = ("--price", "price_{brand}", "--group", "brand", "--market", "shop", "-o", "json")
    found = json.loads(run(file, *NAMED, *options))
    assert (found["rows"], found["series"], found["periods"]) == (160, 4, 40)
    assert (found["test_periods"], found["first_test"]) == (8, "32")
    assert found["methods"]["with_drivers"]["wape"] < found["methods"]["without_drivers"]["wape"]
    assert set(found["methods"]["with_drivers"]) == {"wape", "bias", "wape_by_ahead"}
    assert {i["driver"] for i in found["importances"]} == {"price", "rival_price", "promoted"}
    given = [e for e in found["elasticities"] if e["given_rivals"] and e["driver"] == "price"]
    assert [e["group"] for e in given] == ["a", "b"]
    for effect in given:
        assert effect["low"] < -2 < effect["high"]
        assert effect["standard_error"] > 0
        assert effect["factor_low"] < effect["factor"] < effect["factor_high"]
    assert "constant never changes, and was left out" in found["notes"]


def test_a_file_in_the_usual_names_needs_no_option_and_tables_are_for_people(
    tmp_path: Path,
) -> None:
    said = run(written(tmp_path / "sold.csv", plain(sold())), "--horizon", 2)
    assert "with_drivers_mean" in said
    assert "drivers change WAPE by -" in said
    assert "all    price" in said


def test_a_log_target_says_the_same_as_units(tmp_path: Path) -> None:
    rows = sold()
    logs = [row | {"sold": math.log(float(str(row["sold"])))} for row in rows]
    options = (*NAMED, "--price", "price_{brand}", "-o", "json")
    units = json.loads(run(written(tmp_path / "units.csv", rows), *options))
    same = json.loads(run(written(tmp_path / "logs.csv", logs), *options, "--log-target"))
    assert same["methods"]["with_drivers"]["wape"] == pytest.approx(
        units["methods"]["with_drivers"]["wape"], abs=0.005
    )


@pytest.mark.parametrize(
    ("row", "changed", "said"),
    [
        (158, {"promoted": ""}, "line 160, promoted = '': this driver is not known for a period"),
        (7, {"promoted": "yes"}, "line 9, promoted = 'yes': this is no number"),
        (7, {"promoted": "inf"}, "line 9, promoted = 'inf': this number is not finite"),
        (7, {"price": "-1"}, "line 9, price = '-1': a price is above zero"),
        (7, {"y": ""}, "line 9, y = '': demand is missing"),
        (7, {"y": "-3"}, "line 9, y = '-3': demand is never negative"),
        (7, {"y": "many"}, "line 9, y = 'many': this is no number"),
        (7, {"ds": "soon"}, "line 9, ds = 'soon': this is neither a date nor a whole number"),
        (7, {"ds": "5"}, "line 9, ds = '5': dates and whole numbers are mixed"),
        (7, {"unique_id": ""}, "line 9, unique_id = '': it is empty"),
        (
            2,
            {"ds": "2026-01-05"},
            "line 4, ds = '2026-01-05': the series north/a has this time on line 2 already",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_place(
    tmp_path: Path, row: int, changed: dict[str, object], said: str
) -> None:
    rows = plain(sold())
    rows[row] |= changed
    assert said in refused(tmp_path / "sold.csv", rows).problem


@pytest.mark.parametrize(
    "dates",
    [
        [date(2025 + month // 12, 1 + month % 12, 1) for month in range(0, 30, 3)],
        [date(2025, 3, 1) - timedelta(days=1), date(2025, 3, 31), date(2025, 4, 30)],
        [date(2025, 1, 6) + timedelta(weeks=2 * week) for week in range(9)],
        [date(2025, 1, 30) + timedelta(days=day) for day in range(9)],
        list(range(7, 70, 7)),
    ],
)
def test_periods_are_the_longest_step_that_leads_to_all_times(
    tmp_path: Path, dates: list[object]
) -> None:
    rows: list[dict[str, object]] = [{"unique_id": "a", "ds": day, "y": 1} for day in dates]
    table = read_table(written(tmp_path / "steps.csv", rows))
    assert table.periods("ds", ["a"] * len(dates)).tolist() == list(range(len(dates)))


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    path, rows = tmp_path / "sold.csv", plain(sold())
    assert "no column flavour" in refused(path, rows, "--driver", "flavour").problem
    assert "no column sku" in refused(path, rows, "--series", "sku").problem
    same = [row | {"season": 4} for row in rows]
    assert "season = '4': this driver never changes" in (
        refused(path, same, "--driver", "season").problem
    )
    none = refused(path, rows, "--price", "price_{unique_id}")
    assert "makes it the column price_north/a, which is not there" in none.problem
    assert "leave none before the test part" in refused(path, rows[:2]).problem
    assert "at least 50 are needed" in refused(path, rows[:12]).problem


def test_wrong_files_are_named(tmp_path: Path) -> None:
    for name, content, said in (
        ("none.csv", b"", "the file is empty"),
        ("head.csv", b"unique_id,ds,y\n", "has a header and no rows"),
        ("twice.csv", b"unique_id,ds,y,y\na,1,2,3\n", "the column y is there twice"),
        ("short.csv", b"unique_id,ds,y\na,1\n", "line 2: 2 values where the header names 3"),
        ("gbk.csv", "产品,ds\n".encode("gbk"), "cannot be read"),
        ("broken.csv.gz", b"nothing", "cannot be read"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CommandError, match=said):
            run(path)
    with pytest.raises(CommandError, match="is no file"):
        run(tmp_path / "there.csv")
