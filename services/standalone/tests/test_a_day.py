"""A day with Takt, from the command line: one real process, every verb against it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# One Takt for all of them, on the port that is Takt's.
pytestmark = pytest.mark.xdist_group("takt up")

TAKT = Path(sys.executable).with_name("takt")
GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "crm-import.md"

PRODUCTS = "product,series,sales_price\nGTX Basic,GTX,550\nGTX Pro,GTX,4821\n"
ACCOUNTS = "account,sector\nAcme,retail\nIsdom,medical\n"
TEAMS = "sales_agent,manager,regional_office\nAda,Grace,Central\n"
DEALS = """\
opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
A1,Ada,GTX Basic,Acme,Won,10/20/2016,3/1/2017,1054
A2,Ada,GTXPro,Isdom,Won,10/25/2016,3/11/2017,4514
A3,Ada,GTX Pro,Acme,Lost,11/1/2016,2/1/2017,0
A4,Ada,GTX Basic,Acme,Engaging,12/1/2016,,
A5,Ada,GTX Basic,Isdom,Engaging,12/2/2016,,
A6,Ada,GTX Pro,,Prospecting,,,
A7,Ada,GTX Pro,Acme,Won,10/25/2016,soon,4514
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The home of a Takt that runs, empty at first."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        Path(folder).chmod(0o711)
        process = subprocess.Popen(
            [TAKT, "up", "--home", f"{folder}/home", "--empty"],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stderr is not None
        try:
            said = [process.stderr.readline()]
            while said[-1] and "Ctrl-C ends it" not in said[-1]:
                said.append(process.stderr.readline())
            assert said[-1], said
            yield Path(folder) / "home"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            process.stderr.close()


@pytest.fixture(scope="module")
def crm(home: Path) -> Path:
    """A CRM's export, imported."""
    folder = home.parent / "crm"
    folder.mkdir()
    for name, text in (
        ("products", PRODUCTS),
        ("accounts", ACCOUNTS),
        ("sales_teams", TEAMS),
        ("sales_pipeline", DEALS),
    ):
        (folder / f"{name}.csv").write_text(text)
    tried = takt(home, "import", "crm", str(folder), "--dry-run", "-o", "json")
    assert json.loads(tried.stdout)["counts"]["results"] == {"created": 6}
    told = takt(home, "import", "crm", str(folder))
    assert told.returncode == 1, told
    assert "sales_pipeline.csv:8 close_date = 'soon'" in told.stderr
    assert "6 deals imported, of 12 rows read" in told.stdout
    assert "2 won, worth 5,568" in told.stdout
    assert "1 rows name the product GTXPro, read as GTX Pro" in told.stdout
    return folder


def takt(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TAKT_")}
    return subprocess.run(
        [TAKT, *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env=environment,
    )


def test_importing_twice_changes_nothing(home: Path, crm: Path) -> None:
    again = json.loads(takt(home, "import", "crm", str(crm), "-o", "json").stdout)
    assert again["counts"]["results"] == {"unchanged": 6}


def test_an_import_shows_how_many_deals_win_and_how_many_are_stalled(home: Path, crm: Path) -> None:
    shown = takt(home, "import", "crm", str(crm)).stdout
    found = json.loads(takt(home, "import", "crm", str(crm), "-o", "json").stdout)["outlook"]
    assert found["counts"] | {"won": 2, "lost": 1, "open": 2} == found["counts"]
    assert (found["open"], found["stalled"]) == (3, 2), "the one that never engaged is new"
    assert 0 < float(found["win_probability"]) < 2 / 3, "two of three closed; two are still open"
    rate = f"{float(found['win_probability']):.3f}".removeprefix("0")
    assert f"{rate} of the deals in engaging win" in shown
    assert "2 won, 1 lost, 2 open" in shown
    assert "2 of 3 open deals are stalled" in shown


def test_the_example_of_the_guide_is_read_as_the_guide_says(home: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    for kind, name, text in blocks:
        if kind in ("csv", "toml"):
            (tmp_path / name).write_text(text)
    [report] = [text for kind, _, text in blocks if kind == "text"]
    mapping = ("--mapping", str(tmp_path / "mapping.toml"))
    told = takt(home, "import", "crm", str(tmp_path), *mapping, "--dry-run")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(report)


def test_a_folder_without_csv_files_is_refused_by_name(home: Path) -> None:
    told = takt(home, "import", "crm", str(home.parent))
    assert told.returncode == 2
    assert f"{home.parent} holds no CSV file" in told.stderr


def test_what_is_simulated_is_followed_event_by_event_and_traced(home: Path, crm: Path) -> None:
    tail = subprocess.Popen(
        [TAKT, "tail", "takt.deal.*", "takt.sale.*", "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stderr is not None
        assert tail.stdout is not None
        assert "Following takt.deal.*" in tail.stderr.readline()
        time.sleep(1)
        acted = takt(home, "simulate", "--rate", "4", "--for", "4", "--seed", "3", "-o", "json")
        acts = [json.loads(line) for line in acted.stdout.splitlines()]
        assert acted.returncode == 0, acted.stderr
        done = {act["correlation"] for act in acts if act["refused"] is None}
        assert done, acted.stdout
        seen: set[str] = set()
        while not seen & done:
            event = json.loads(tail.stdout.readline())
            assert event["type"].startswith(("takt.deal.", "takt.sale."))
            seen |= set(event["correlations"])
    finally:
        tail.send_signal(signal.SIGINT)
        tail.communicate(timeout=30)  # reads what is left, or a full pipe would hold it up
    chain = next(iter(seen & done))
    traced = takt(home, "trace", chain)
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout.lstrip().startswith("0.0 ms")
    steps = json.loads(takt(home, "trace", chain, "-o", "json").stdout)["steps"]
    assert all(chain in step["correlations"] for step in steps)
    refused = takt(home, "trace", "nonsense")
    assert refused.returncode != 0
    assert refused.stderr.count("path.correlation_id") == 1, refused.stderr


def test_a_key_is_made_listed_used_up_and_revoked_beside_a_running_takt(home: Path) -> None:
    made = json.loads(
        takt(
            home, "keys", "create", "ci", "--scope", "deals:read", "--days", "9", "-o", "json"
        ).stdout
    )
    assert made["key"].startswith(f"takt_{made['prefix']}_")
    listed = json.loads(takt(home, "keys", "list", "-o", "json").stdout)
    [ci] = [key for key in listed if key["name"] == "ci"]
    assert "key" not in ci
    assert ci["revoked_at"] is None
    assert takt(home, "keys", "revoke", made["prefix"]).returncode == 0
    again = takt(home, "keys", "revoke", made["prefix"])
    assert again.returncode == 1
    assert made["prefix"] in again.stderr


def test_a_doctor_finds_every_part_well(home: Path) -> None:
    told = takt(home, "doctor", "-o", "json")
    findings = json.loads(told.stdout)
    assert [finding for finding in findings if not finding["well"]] == []
    parts = {finding["part"] for finding in findings}
    assert {"door", "deals", "forecast", "procurement", "finance", "alerting"} <= parts


def test_dead_letters_are_listed_as_data_and_an_unknown_one_is_refused(home: Path) -> None:
    assert json.loads(takt(home, "dead-letters", "list", "-o", "json").stdout) == []
    told = takt(home, "dead-letters", "replay", "deals-999")
    assert told.returncode == 1
    assert "999" in told.stderr
