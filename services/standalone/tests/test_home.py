import os
import subprocess
import sys
from pathlib import Path

import pytest

from takt.standalone.errors import StartError
from takt.standalone.home import VERSION, Home, home_at

HOLDER = """
import sys
from pathlib import Path
from takt.standalone.home import Home
with Home(Path(sys.argv[1])).taken():
    print("taken", flush=True)
    sys.stdin.read()
"""


def test_a_home_that_another_takt_uses_is_refused_naming_its_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "taken\n"
        with pytest.raises(StartError) as refused, Home(tmp_path).taken():
            pass
        assert f"(process {other.pid})" in refused.value.problem
        assert f"kill -INT {other.pid}" in refused.value.remedy
        other.kill()
    with Home(tmp_path).taken():
        pass


def test_a_home_of_a_newer_takt_is_refused_naming_both_versions(tmp_path: Path) -> None:
    (tmp_path / "version").write_text(f"{VERSION + 1}\n")
    with pytest.raises(StartError) as refused, Home(tmp_path).taken():
        pass
    assert f"its version is {VERSION + 1}" in refused.value.problem
    assert f"knows up to {VERSION}" in refused.value.problem


def test_a_version_that_is_no_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("latest\n")
    with pytest.raises(StartError, match="'latest'"), Home(tmp_path).taken():
        pass


def test_a_home_below_a_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="Not a directory"), Home(tmp_path / "file" / "x").taken():
        pass


def test_the_other_commands_find_a_takt_only_while_it_runs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.running() is None
    with home.taken(), home.announced("http://127.0.0.1:8700"):
        found = home.running()
        assert found is not None
        assert (found.pid, found.url) == (os.getpid(), "http://127.0.0.1:8700")
    assert home.running() is None


def test_what_a_killed_takt_left_does_not_count_as_running(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text('{"pid": 1, "url": "http://127.0.0.1:8700"}')
    (tmp_path / "lock").write_text("1")
    assert Home(tmp_path).running() is None


def test_the_home_is_what_was_asked_for_then_takt_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKT_HOME", str(tmp_path / "named"))
    assert home_at(tmp_path / "asked").path == tmp_path / "asked"
    assert home_at(None).path == tmp_path / "named"
    monkeypatch.delenv("TAKT_HOME")
    default = Path("/var/lib/takt") if os.geteuid() == 0 else Path.home() / ".takt"
    assert home_at(None).path == default


def test_every_folder_made_on_the_way_lets_the_databases_user_pass_for_root(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with Home(tmp_path / "a" / "b").taken():
            pass
    finally:
        os.umask(before)
    wanted = 0o711 if os.geteuid() == 0 else 0o700
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        assert folder.stat().st_mode & 0o777 == wanted
