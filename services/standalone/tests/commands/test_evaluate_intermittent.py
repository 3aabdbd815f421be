"""`takt evaluate intermittent` on real files."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

Rows = Sequence[tuple[str, str, float]]
Takt = Callable[..., tuple[int, str, str]]


def written(path: Path, rows: Rows) -> Path:
    lines = ["unique_id,ds,y", *(f"{name},{ds},{y}" for name, ds, y in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def months(number: int, start: int = 0) -> list[str]:
    return [
        f"{2000 + place // 12}-{place % 12 + 1:02}-01" for place in range(start, start + number)
    ]


def parts(series: int, periods: int) -> Rows:
    dice = np.random.default_rng(5)
    chance = dice.beta(1.5, 6, (series, 1))
    y = (dice.random((series, periods)) < chance) * (1 + dice.poisson(1, (series, periods)))
    return [
        (f"p{s}", month, y[s, p]) for s in range(series) for p, month in enumerate(months(periods))
    ]


def test_rare_demand_is_judged_by_sums_and_by_stock(takt: Takt, tmp_path: Path) -> None:
    rows = [*parts(80, 48), ("short", "2000-01-01", 1), ("returns", "2000-01-01", -1)]
    rows += [("returns", month, 2) for month in months(30, 1)]
    file = written(tmp_path / "parts.csv", rows)
    code, out, _ = takt("evaluate", "intermittent", file, "--horizon", 12, "-o", "json")
    assert code == 0
    found = json.loads(out)
    assert found["series"] == 81
    assert sum(found["classes"].values()) == 81
    assert set(found["methods"]) == {"sba", "tsb", "imapa", "mean", "combination"}
    assert found["published"] == "combination"
    for measures in found["methods"].values():
        assert 0 < measures["cumulative_error"] < 2
        assert measures["stock_cost"] > 0
    assert "1 series no longer than the horizon were left out." in found["notes"]
    assert "1 series had negative demand, which was taken as none." in found["notes"]


def test_months_without_a_row_are_months_without_demand(takt: Takt, tmp_path: Path) -> None:
    whole = list(parts(30, 48))
    last = months(48)[-1]
    thinned = [row for row in whole if row[2] or row[1] in (months(1)[0], last)]
    costs = []
    for name, rows in (("whole.csv", whole), ("thinned.csv", thinned)):
        file = written(tmp_path / name, rows)
        _, out, _ = takt(
            "evaluate", "intermittent", file, "--horizon", 12, "--freq", "M", "-o", "json"
        )
        costs.append(json.loads(out)["methods"]["combination"]["stock_cost"])
    assert costs[0] == costs[1]


def test_a_horizon_longer_than_every_series_is_refused(takt: Takt, tmp_path: Path) -> None:
    file = written(tmp_path / "parts.csv", parts(3, 10))
    code, out, err = takt("evaluate", "intermittent", file, "--horizon", 12)
    assert (code, out) == (1, "")
    assert "Name a shorter --horizon." in err


def test_the_published_choice_among_shorter_lead_times_costs_less(
    takt: Takt, tmp_path: Path
) -> None:
    file = written(tmp_path / "parts.csv", parts(60, 48))
    costs = []
    for lead_time in (0, 3, 6):
        wishes = ["--horizon", 12, "--lead-time", lead_time, "-o", "json"]
        _, out, _ = takt("evaluate", "intermittent", file, *wishes)
        costs.append(json.loads(out)["methods"]["combination"]["stock_cost"])
    assert costs == sorted(costs)
