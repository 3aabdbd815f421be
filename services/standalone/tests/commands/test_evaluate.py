"""`takt evaluate forecast` on real files, good and bad."""

import gzip
import json
import re
import shlex
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "evaluate.md"
Cell = str | float
Rows = Sequence[tuple[str, Cell, Cell]]
Told = tuple[int, str, str]
Takt = Callable[..., Told]


def written(path: Path, rows: Rows, header: str = "unique_id,ds,y") -> Path:
    lines = [header, *(f"{name},{ds},{y}" for name, ds, y in rows)]
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, "utf-8")
    return path


def months(number: int, start: int = 0) -> list[str]:
    return [
        f"{2000 + place // 12}-{place % 12 + 1:02}-01" for place in range(start, start + number)
    ]


def seasonal(number: int, start: int = 0, level: float = 100) -> list[float]:
    places = np.arange(start, start + number)
    dice = np.random.default_rng(int(start + number + level))
    noise = dice.normal(0, 4, number)
    return list(np.round(level + 30 * np.sin(places * np.pi / 6) + places / 4 + noise, 1))


def monthly(name: str, number: int, start: int = 0, level: float = 100) -> Rows:
    return [
        (name, ds, y)
        for ds, y in zip(months(number, start), seasonal(number, start, level), strict=True)
    ]


def files(tmp_path: Path, train: Rows, test: Rows) -> tuple[Path, Path]:
    return written(tmp_path / "train.csv", train), written(tmp_path / "test.csv", test)


def evaluated(takt: Takt, train: Path, test: Path, *more: object) -> dict[str, Any]:
    wishes = more or ("--season-length", 12, "--horizon", 6)
    arguments = ["evaluate", "forecast", train, "--test", test, *wishes, "-o", "json"]
    code, out, err = takt(*arguments)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def refused(takt: Takt, train: Path, test: Path, *more: object) -> tuple[int, str]:
    arguments = ["evaluate", "forecast", train, "--test", test, "--season-length", 12]
    code, out, err = takt(*arguments, "--horizon", 6, *more)
    assert code != 0
    assert out == ""
    return code, err


def test_every_method_is_scored_beside_naive2(takt: Takt, tmp_path: Path) -> None:
    levels = range(100, 500, 25)
    train = [row for level in levels for row in monthly(f"s{level}", 96, 0, level)]
    test = [row for level in levels for row in monthly(f"s{level}", 6, 96, level)]
    found = evaluated(takt, *files(tmp_path, train, test))
    assert (found["series"], found["period"], found["notes"]) == (len(levels), "month", [])
    naive, fast = found["methods"]["naive2"], found["methods"]["fast"]
    assert naive["owa"] == 1
    assert [naive[name] for name in ("coverage80", "coverage95", "msis")] == [None, None, None]
    assert fast["owa"] < 1
    assert 0 < fast["smape"] < 20
    assert fast["coverage95"] >= fast["coverage80"] >= 0
    assert fast["msis"] > 0
    assert fast["cpu_ms_per_series"] >= 0


def test_a_table_for_people_and_notes_and_progress_beside_it(takt: Takt, tmp_path: Path) -> None:
    train, test = files(tmp_path, [("a", 0, 5), ("a", 1, 7), ("a", 3, 9)], [("a", 4, 10)])
    code, out, err = takt(
        "evaluate", "forecast", train, "--test", test, "--season-length", 1, "--horizon", 2
    )
    assert code == 0
    assert out.splitlines()[0] == "1 series, 2 steps ahead"
    assert "METHOD" in out
    assert "forecasting by fast (1)" in err
    assert "Periods without a row: 1 in 1 series." in err


def test_series_of_every_shape_are_forecast(takt: Takt, tmp_path: Path) -> None:
    shapes: dict[str, list[float]] = {
        "point": [3],
        "three": [1, 5, 2],
        "constant": [7] * 40,
        "nothing": [0] * 40,
        "negative": [-50 + place % 12 for place in range(60)],
        "crossing": [(-1) ** place * place for place in range(45)],
        "long": seasonal(400),
        "huge": [1e15 - place for place in range(30)],
    }
    train = [(n, place, y) for n, values in shapes.items() for place, y in enumerate(values)]
    test = [(n, len(values) + h, values[-1] + 1) for n, values in shapes.items() for h in range(3)]
    for season in (1, 4, 12, 52):
        paths = files(tmp_path, train, test)
        found = evaluated(takt, *paths, "--season-length", season, "--horizon", 3)
        assert found["series"] == len(shapes)
        for measures in found["methods"].values():
            assert measures["owa"] is not None
        assert "2 series with negative values" in found["notes"][0]


def test_a_file_of_constants_has_no_owa_and_says_null(takt: Takt, tmp_path: Path) -> None:
    train = [("a", place, 7) for place in range(20)]
    found = evaluated(takt, *files(tmp_path, train, [("a", 20, 7)]))
    assert found["methods"]["fast"]["owa"] is None
    assert found["methods"]["fast"]["smape"] == 0
    assert found["methods"]["fast"]["mase"] is None


def test_intervals_of_short_series_are_calibrated_on_short_series(
    takt: Takt, tmp_path: Path
) -> None:
    walks = 100 + np.random.default_rng(7).normal(0, 3, (150, 26)).cumsum(axis=1)
    rows = [
        (f"s{s}", 1990 + year, y) for s, walk in enumerate(walks) for year, y in enumerate(walk)
    ]
    train = [row for row in rows if row[1] < 2010]
    paths = files(tmp_path, train, [row for row in rows if row[1] >= 2010])
    fast = evaluated(takt, *paths, "--season-length", 1, "--horizon", 6)["methods"]["fast"]
    assert 0.7 < fast["coverage80"] < 0.9
    assert 0.9 < fast["coverage95"] < 0.99


def test_the_same_series_score_the_same_in_any_order_and_in_any_form(
    takt: Takt, tmp_path: Path
) -> None:
    rows, test = list(monthly("a", 60)), monthly("a", 6, 60)
    train, came = files(tmp_path, rows, test)
    measures = evaluated(takt, train, came)["methods"]["fast"]
    mixed = np.random.default_rng(1).permutation(len(rows))
    shuffled = written(tmp_path / "shuffled.csv", [rows[place] for place in mixed])
    packed = written(tmp_path / "packed.csv.gz", rows)
    other = tmp_path / "other.csv"
    other.write_text(
        "\ufeffy;ds;colour;unique_id\n"
        + "".join(f"{y};{ds.replace('-', '')};red;a\n" for _, ds, y in rows),
        "utf-8",
    )
    steps = written(
        tmp_path / "steps.csv", [("a", place, y) for place, (_, _, y) in enumerate(rows)]
    )
    step_test = written(tmp_path / "st.csv", [("a", 60 + p, y) for p, (_, _, y) in enumerate(test)])
    for path, against in ((shuffled, came), (packed, came), (other, came), (steps, step_test)):
        again = evaluated(takt, path, against)["methods"]["fast"]
        for name in ("owa", "smape", "mase", "coverage80", "msis"):
            assert again[name] == pytest.approx(measures[name])


def test_parquet_is_read_like_csv(takt: Takt, tmp_path: Path) -> None:
    train, test = files(tmp_path, monthly("a", 60), monthly("a", 6, 60))
    names, when, y = zip(*monthly("a", 60), strict=True)
    for moments in (when, [date.fromisoformat(str(each)) for each in when]):
        path = tmp_path / "train.parquet"
        columns = {"unique_id": names, "ds": moments, "y": y, "colour": names}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        found = evaluated(takt, path, test)["methods"]["fast"]
        assert found["owa"] == evaluated(takt, train, test)["methods"]["fast"]["owa"]
    pyarrow.parquet.write_table(pyarrow.table({"unique_id": names, "ds": when}), path)
    assert "lacks the column y" in refused(takt, path, test)[1]
    path.write_bytes(b"nothing of the kind")
    assert "cannot be read" in refused(takt, path, test)[1]


BAD = {
    "text": ([("a", 0, 1), ("a", 1, "many")], "train.csv:3 y = 'many': give a finite number"),
    "nothing": ([("a", 0, 1), ("a", 1, "")], "leave out the row of what is not known"),
    "not a number": ([("a", 0, "nan")], "train.csv:2 y = 'nan'"),
    "immense": ([("a", 0, "-2e15")], "in a unit that keeps it below 1e15"),
    "infinite": ([("a", 0, "-inf")], "train.csv:2 y = '-inf'"),
    "duplicate": (
        [("a", 5, 1), ("b", 5, 1), ("a", 5, 2)],
        "train.csv:4 ds = '5': a has this ds in line 2 already; keep one.",
    ),
    "no date": ([("a", "soon", 1)], "train.csv:2 ds = 'soon': give a date as 2026-01-31"),
    "both": ([("a", 1, 1), ("a", "2026-01-31", 1)], "train.csv:3 ds = '2026-01-31': use dates or"),
    "no name": ([("", 1, 1)], "train.csv:2 unique_id = '': name the series"),
    "slip": (
        [*monthly("a", 20), ("a", "9999-01-01", 3)],
        "train.csv:22 ds = '9999-01-01': a would span",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_named_with_its_line_field_value_and_remedy(
    name: str, takt: Takt, tmp_path: Path
) -> None:
    rows, expected = BAD[name]
    code, err = refused(takt, *files(tmp_path, rows, [("a", 99, 1)]))
    if name == "slip":
        code, err = refused(takt, *files(tmp_path, rows, monthly("a", 1, 500)))
    assert code == 1
    assert expected in err
    assert "nothing was forecast" in err


def test_all_bad_rows_are_named_at_once_up_to_twenty(takt: Takt, tmp_path: Path) -> None:
    rows = [("a", place, "x") for place in range(30)]
    _, err = refused(takt, *files(tmp_path, rows, [("a", 99, 1)]))
    assert err.count("give a finite number") == 20
    assert "... and 10 more." in err
    assert "has 30 bad rows" in err


def test_weeks_after_months_are_mixed_frequencies_unless_one_is_named(
    takt: Takt, tmp_path: Path
) -> None:
    start = date(2002, 1, 8)
    weeks = [("a", (start + timedelta(7 * place)).isoformat(), 5.0) for place in range(40)]
    train, test = files(tmp_path, [*monthly("a", 24), *weeks], [("a", "2002-10-22", 5.0)])
    code, err = refused(takt, train, test)
    assert code == 1
    assert "a changes its frequency here: mixed frequencies" in err
    assert evaluated(takt, train, test, "--season-length", 1, "--horizon", 6, "--freq", "W")
    _, err = refused(takt, train, test, "--freq", "M")
    assert "a has two rows in this month: mixed frequencies" in err


def test_a_weekly_series_among_monthly_ones_is_refused_by_name(takt: Takt, tmp_path: Path) -> None:
    weeks = [("w", (date(2002, 1, 8) + timedelta(7 * p)).isoformat(), 5.0) for p in range(8)]
    train = [*monthly("a", 60), *monthly("b", 60), *weeks]
    _, err = refused(takt, *files(tmp_path, train, monthly("a", 6, 60)))
    assert "train.csv:123 ds = '2002-01-15': w has two rows in this month" in err


@pytest.mark.parametrize("name", ["fortnight", "7"])
def test_a_frequency_that_is_none_or_does_not_suit_is_refused(
    name: str, takt: Takt, tmp_path: Path
) -> None:
    paths = files(tmp_path, monthly("a", 20), monthly("a", 6, 20))
    code, err = refused(takt, *paths, "--freq", name)
    assert code == 2
    assert name in err
    assert "--freq" in err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("unique_id,ds,y\n", "has no rows"),
        ("unique_id,ds\na,1\n", "train.csv:1 lacks the column y; it has unique_id, ds"),
        ("series,t,value\n", "lacks the columns unique_id, ds, y"),
    ],
)
def test_a_file_without_columns_or_rows_is_refused(
    content: str, expected: str, takt: Takt, tmp_path: Path
) -> None:
    train, test = files(tmp_path, [], monthly("a", 6))
    train.write_text(content, "utf-8")
    assert expected in refused(takt, train, test)[1]


def test_a_file_that_is_not_there_or_not_what_its_name_says_is_refused(
    takt: Takt, tmp_path: Path
) -> None:
    _, test = files(tmp_path, [], monthly("a", 6))
    assert "cannot be read" in refused(takt, tmp_path / "none.csv", test)[1]
    for name, content in (("a.csv.gz", b"plain"), ("b.csv", b"\xff\xfe\x00"), ("c.csv.gz", b"")):
        (tmp_path / name).write_bytes(content)
        code, err = refused(takt, tmp_path / name, test)
        assert code in (1, 2)
        assert name in err


def test_a_gap_is_filled_and_one_of_a_year_is_told(takt: Takt, tmp_path: Path) -> None:
    rows = list(monthly("a", 96))
    train, test = files(tmp_path, rows[:40] + rows[54:], monthly("a", 6, 96))
    found = evaluated(takt, train, test)
    assert "Periods without a row: 14 in 1 series." in found["notes"][0]
    assert found["notes"][1] == "a has a gap of 14 months between 2003-04-01 and 2004-07-01."
    assert found["methods"]["fast"]["smape"] < 20


def test_a_series_that_ends_long_before_the_others_is_scored_where_it_can_be(
    takt: Takt, tmp_path: Path
) -> None:
    train = [*monthly("a", 60), *monthly("early", 20)]
    test = [*monthly("a", 6, 60), *monthly("early", 6, 60), *monthly("other", 6, 60)]
    found = evaluated(takt, *files(tmp_path, train, test))
    assert found["series"] == 2
    assert "1 series have no row of TEST within the horizon: not scored." in found["notes"]
    assert "6 rows of TEST lie beyond the horizon: not scored." in found["notes"]
    assert "1 series of TEST are not in TRAIN: not scored." in found["notes"]


def test_a_test_part_inside_the_training_part_is_refused(takt: Takt, tmp_path: Path) -> None:
    _, err = refused(takt, *files(tmp_path, monthly("a", 60), monthly("a", 6, 57)))
    assert "test.csv:2 ds = '2004-10-01'" in err
    assert "TEST begins after TRAIN ends" in err


def test_a_test_part_of_other_series_is_refused(takt: Takt, tmp_path: Path) -> None:
    _, err = refused(takt, *files(tmp_path, monthly("a", 60), monthly("b", 6, 60)))
    assert "No row of" in err
    assert "unique_id is the same" in err


def test_dates_here_and_steps_there_are_refused(takt: Takt, tmp_path: Path) -> None:
    _, err = refused(takt, *files(tmp_path, monthly("a", 60), [("a", 60, 1)]))
    assert "one has dates, the other integer steps" in err


def test_the_guide_shows_what_is_shown(
    takt: Takt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = GUIDE.read_text("utf-8")
    for name, content in re.findall(r"```csv (\S+)\n(.*?)```", guide, re.DOTALL):
        (tmp_path / name).write_text(content, "utf-8")
    shown = re.search(
        r"```console\n\$ takt (.*?)\n(.*?)```\n.*?```text\n(.*?)```", guide, re.DOTALL
    )
    assert shown is not None
    monkeypatch.chdir(tmp_path)
    code, out, err = takt(*shlex.split(shown[1]))
    assert code == 0
    assert without_times(out) == without_times(shown[2])
    assert err.endswith(shown[3])


def without_times(table: str) -> list[str]:
    """A table without its last two columns, the CPU times."""
    return [re.sub(r"  [\d.e-]+ +[\d.e-]+$", "", line) for line in table.splitlines()]
