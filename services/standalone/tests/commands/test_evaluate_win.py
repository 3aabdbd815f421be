import csv
import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from takt.standalone.commands.evaluate import evaluate
from takt.standalone.commands.output import CommandError

TAKT = Path(sys.executable).with_name("takt")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
AS_OF, OUTCOMES = "2025-05-20", "2025-07-15"


def history(count: int = 1400, **more: Any) -> list[dict[str, str]]:
    """Deals that are won by their amount and lost more slowly, as known on 2025-07-20."""
    random = np.random.default_rng(13)
    end = BEGIN + timedelta(days=200)
    rows = []
    for number in range(count):
        opened = BEGIN + timedelta(days=float(random.uniform(0, 190)))
        amount = round(float(np.exp(random.normal(9, 1))), 2)
        won = random.random() < 1 / (1 + np.exp(-1.5 * (np.log(amount) - 9)))
        closed = opened + timedelta(days=1 + float(random.exponential(12 if won else 25)))
        known = closed <= end
        outcome = ("won" if won else "lost") if known else "open"
        second = opened + (closed - opened) * float(random.uniform(0.1, 0.9))
        for stage, entered in (("first", opened), ("offer", second)):
            if entered <= end and (stage == "first" or won or number % 2):
                rows.append(
                    {
                        "deal_id": f"D{number:04}",
                        "amount": str(amount),
                        "opened_at": opened.isoformat(),
                        "entered_at": entered.isoformat(),
                        "stage": stage,
                        "actor": "ann" if number % 3 else "bob",
                        "outcome": outcome,
                        "closed_at": closed.isoformat() if known else "",
                        **{name: tell(number, outcome) for name, tell in more.items()},
                    }
                )
    return rows


def file_of(rows: list[dict[str, str]], path: Path) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(path: Path, *options: str) -> Any:
    given = options or ("--as-of", AS_OF, "--outcomes-as-of", OUTCOMES)
    return CliRunner().invoke(evaluate, ["win", str(path), *given, "-o", "json"])


def refused(path: Path, *options: str) -> CommandError:
    error = run(path, *options).exception
    assert isinstance(error, CommandError), error
    assert error.remedy
    return error


def test_a_gzipped_history_is_scored_as_json_beside_the_rates(tmp_path: Path) -> None:
    path = file_of(history(), tmp_path / "history.csv.gz")
    told = subprocess.run(
        [
            TAKT,
            "evaluate",
            "win",
            path,
            "--as-of",
            AS_OF,
            "--outcomes-as-of",
            OUTCOMES,
            "-o",
            "json",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(told.stdout)
    assert found["as_of"] == "2025-05-20T00:00:00Z"
    assert found["brier"] < found["stage_rate"]["brier"] < found["base_rate"]["brier"] + 0.01
    assert found["difference_to_stage_rate"]["high"] < 0
    assert found["calibration"]["ece_inside"]
    assert found["calibration"]["slope"]["low"] < 1 < found["calibration"]["slope"]["high"]
    assert sum(each["milestones"] for each in found["reliability"]) == found["milestones"]
    assert found["unresolved"]["deals"] > 0
    assert set(found) >= {"ece", "auc", "log_loss", "leaks", "validation", "won_at_all"}
    assert (found["attributes"], found["leaks"]) == (["amount"], [])


def test_a_person_gets_tables_and_the_last_time_of_the_history_is_the_end(tmp_path: Path) -> None:
    path = file_of(history(400), tmp_path / "history.csv")
    told = CliRunner().invoke(evaluate, ["win", str(path), "--as-of", AS_OF])
    assert told.exit_code == 0
    assert "stage rate" in told.stdout
    assert "left out, still open: " in told.stdout


def test_a_leak_is_warned_of_by_name_and_left_out(tmp_path: Path) -> None:
    rows = history(
        500,
        close_value=lambda n, outcome: {"won": str(n + 10), "lost": "0", "open": ""}[outcome],
        rival=lambda n, outcome: "Acme" if outcome == "lost" else "",
        region=lambda n, outcome: "north" if n % 2 else "south",
    )
    told = run(file_of(rows, tmp_path / "history.csv"))
    assert "warning: close_value is carried by 100% of closed deals and 0% of open" in told.stderr
    assert "warning: rival is carried by" in told.stderr
    found = json.loads(told.stdout)
    assert found["attributes"] == ["amount", "region"]
    assert [leak["attribute"] for leak in found["leaks"]] == ["close_value", "rival"]


def test_what_cannot_be_used_is_named_with_a_remedy(tmp_path: Path) -> None:
    rows = history(300)
    path = file_of(rows, tmp_path / "history.csv")
    assert "as-of = 'soon': that is no time" in refused(path, "--as-of", "soon").problem
    assert "as-of = '2026-01-01'" in refused(path, "--as-of", "2026-01-01").problem
    early = refused(path, "--as-of", AS_OF, "--outcomes-as-of", "2025-05-01")
    assert "outcomes-as-of = '2025-05-01'" in early.problem
    assert "none had closed" in refused(path, "--as-of", "2025-01-01T00:00:01").problem
    late = refused(path, "--as-of", AS_OF, "--outcomes-as-of", "2025-05-20T00:00:01")
    assert "none of them has closed" in late.problem
    won = file_of([r for r in rows if r["outcome"] == "won"], tmp_path / "won.csv")
    assert "all had been won" in refused(won).problem
    before = [{**row, "closed_at": "2024-01-01", "outcome": "lost"} for row in rows]
    told = refused(file_of(before, tmp_path / "before.csv"))
    assert "closed_at = '2024-01-01': line 2: the outcome is before the opening" in told.problem
    renamed = [{("owner_id" if k == "deal_id" else k): v for k, v in r.items()} for r in rows]
    told = refused(file_of(renamed, tmp_path / "renamed.csv"))
    assert "column = 'deal_id': the history has no such column; it has owner_id" in told.problem


@pytest.mark.parametrize("name", ["none.csv", "none.csv.gz"])
def test_a_file_that_is_not_there_or_no_table_is_named(tmp_path: Path, name: str) -> None:
    assert "cannot be read" in refused(tmp_path / name).problem
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01")
    assert "cannot be read" in refused(tmp_path / name).problem
    (tmp_path / "empty.csv").write_text("")
    assert "the file is empty" in refused(tmp_path / "empty.csv").problem
