import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TAKT = Path(sys.executable).with_name("takt")


def takt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TAKT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_help_names_every_verb_and_imports_nothing_heavy() -> None:
    told = takt("--help")
    assert told.returncode == 0
    for verb in (
        "up",
        "open",
        "forecast",
        "tail",
        "trace",
        "doctor",
        "migrate",
        "dead-letters",
        "keys",
    ):
        assert f"\n  {verb} " in told.stdout
    code = (
        "import sys, takt.standalone.cli; "
        "print([m for m in ('fastapi', 'sqlalchemy', 'httpx', 'rich', 'numpy', 'asyncpg',"
        " 'alembic', 'asyncio') if m in sys.modules])"
    )
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy.stdout == "[]\n"


def test_a_verb_without_a_running_takt_says_so_on_stderr_and_ends_with_3(tmp_path: Path) -> None:
    told = takt("tail", "--home", str(tmp_path))
    assert (told.returncode, told.stdout) == (3, "")
    assert f"No Takt runs in {tmp_path}" in told.stderr
    assert "takt up" in told.stderr


def test_an_address_that_nobody_answers_is_named_and_ends_with_3() -> None:
    told = takt("trace", "x", "--url", "http://127.0.0.1:9", TAKT_KEY="takt_x_y")
    assert told.returncode == 3
    assert "http://127.0.0.1:9 does not answer" in told.stderr


def test_a_doctor_without_a_takt_finds_what_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    told = takt("doctor", "--home", str(tmp_path), "-o", "json")
    assert told.returncode == 1
    findings = {finding["part"]: finding for finding in json.loads(told.stdout)}
    assert findings["postgres programs"]["well"]
    assert not findings["door"]["well"]
    assert "takt up" in findings["door"]["remedy"]


def test_two_wishes_that_exclude_each_other_are_refused_with_2(tmp_path: Path) -> None:
    told = takt("up", "--ephemeral", "--home", str(tmp_path))
    assert told.returncode == 2
    assert "exclude each other" in told.stderr


@pytest.mark.parametrize("scope", [[], ["--scope", "everything"]])
def test_a_key_without_a_known_scope_is_refused_and_the_scopes_are_listed(
    scope: list[str], tmp_path: Path
) -> None:
    told = takt("keys", "create", "ci", *scope, "--home", str(tmp_path))
    assert told.returncode == 2
    assert "deals:read" in told.stderr
