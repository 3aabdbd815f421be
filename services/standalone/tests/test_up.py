"""Real processes: `takt up` is started, used, interrupted and killed as a person would."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from takt.standalone.postgres import ephemeral

# Each takes the port that is Takt's unless another is asked for.
pytestmark = pytest.mark.xdist_group("takt up")

TAKT = Path(sys.executable).with_name("takt")
FIRST_START_SECONDS = 60
SECOND_START_SECONDS = 15
"""Five on a machine at rest; make bench measures that."""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short path (a Unix socket must fit), which the database's user can pass."""
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


class Running:
    """A `takt up` of its own, with its own folder for what is temporary."""

    def __init__(self, place: Path, *arguments: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TAKT_")}
        self.process = subprocess.Popen(
            [TAKT, "up", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, "TMPDIR": str(place)},
            start_new_session=True,
        )
        self.place = place
        self.said: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip())
            if "Ctrl-C ends it" in line:
                self._ready.set()
        self._ready.set()

    def await_banner(self, seconds: float) -> str:
        """The address in the banner."""
        assert self._ready.wait(seconds), self.said
        addresses = [line.split()[-1] for line in self.said if line.startswith("Takt is ready at")]
        assert addresses, self.said
        return addresses[0]

    def end(self, number: signal.Signals, seconds: float = 30) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


@contextlib.contextmanager
def takt_up(place: Path, *arguments: str) -> Iterator[Running]:
    running = Running(place, *arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGKILL)


def processes_naming(place: Path) -> list[str]:
    """The processes whose command line names a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(place) in command:
                found.append(f"{process.name} {command}")
    return found


def eventually_none(place: Path, seconds: float = 10) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := processes_naming(place)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def get(url: str, key: str | None = None) -> bytes:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as reply:
        body: bytes = reply.read()
        return body


def sign_in(url: str, ticket: str) -> int:
    """The status that a page gets which posts a ticket."""
    body = json.dumps({"ticket": ticket}).encode()
    headers = {"Origin": url, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/v1/session", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_one_ctrl_c_ends_everything_and_leaves_no_process_socket_or_folder(place: Path) -> None:
    with takt_up(place, "--ephemeral", "--empty") as takt:
        url = takt.await_banner(FIRST_START_SECONDS)
        assert b"<html" in get(f"{url}/status").lower()
        assert processes_naming(place)
        assert takt.end(signal.SIGINT) == 0
    assert eventually_none(place) == []
    assert list(place.iterdir()) == []
    port = int(url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_killed_it_leaves_no_orphan_and_the_next_start_finds_its_data(place: Path) -> None:
    home = place / "home"
    with takt_up(place, "--home", str(home), "--empty") as takt:
        takt.await_banner(FIRST_START_SECONDS)
        key = (home / "key").read_text()
        takt.end(signal.SIGKILL)
    assert eventually_none(place) == []
    with takt_up(place, "--home", str(home)) as takt:
        url = takt.await_banner(SECOND_START_SECONDS)
        assert (home / "key").read_text() == key
        assert (home / "key").stat().st_mode & 0o077 == 0
        status = json.loads(get(f"{url}/v1/status", key.strip()))
        names = {service["name"] for service in status["services"]}
        assert {"deals", "forecast", "procurement", "finance", "alerting"} <= names
        assert any("kept for the next start" in line for line in takt.said)
        [banner_link] = [line.split()[1] for line in takt.said if line.startswith("  open ")]
        opened = subprocess.run(
            [TAKT, "open", "--print", "--home", str(home)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert opened.stdout.count("\n") == 1, "the link alone"
        for link in (banner_link, opened.stdout.strip()):
            page, _, ticket = link.partition("#ticket=")
            assert page == f"{url}/sign-in"
            assert sign_in(url, ticket) == 200
            assert sign_in(url, ticket) == 401
        assert takt.end(signal.SIGTERM) == 0
    assert eventually_none(place) == []


def test_who_comes_to_a_running_takt_is_given_a_link_or_told_who_has_the_place(
    place: Path,
) -> None:
    home, seen = place / "home", place / "seen"
    browser = place / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    browser.chmod(0o755)
    with takt_up(place, "--home", str(home), "--empty") as takt:
        url = takt.await_banner(FIRST_START_SECONDS)
        pid = takt.process.pid
        opened = subprocess.run(
            [TAKT, "open", "--home", str(home)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "BROWSER": f"{browser} %s"},
        )
        assert opened.stdout == "", "a link that was opened is shown to nobody else"
        page, _, ticket = seen.read_text().partition("#ticket=")
        assert page == f"{url}/sign-in"
        assert sign_in(url, ticket) == 200
        with takt_up(place, "--home", str(home)) as second:
            assert second.wait(30) == 1
        assert f"in use by another Takt (process {pid})" in second.said[0]
        with takt_up(place, "--ephemeral", "--port", url.rpartition(":")[2]) as third:
            assert third.wait(30) == 1
        assert f"is taken by takt (process {pid})" in third.said[0]
        takt.end(signal.SIGINT)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--database", "postgresql://ada:hush@127.0.0.1:9/postgres"], "No PostgreSQL answers"),
        (["--kafka", "127.0.0.1:9"], "127.0.0.1:9"),
    ],
)
def test_what_is_absent_at_start_is_named_and_what_was_up_is_down_again(
    arguments: list[str], problem: str, place: Path
) -> None:
    with takt_up(place, "--ephemeral", "--empty", *arguments) as takt:
        assert takt.wait(60) == 1
    assert problem in "\n".join(takt.said)
    assert "hush" not in "\n".join(takt.said)
    assert eventually_none(place) == []
    assert list(place.iterdir()) == []


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk that is soon full."""
    small = place / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("only who may mount can make a small disk")
    try:
        yield small
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_on_a_full_disk_it_says_so_and_leaves_nothing_half_done(place: Path) -> None:
    with small_disk(place, 16) as small:
        with takt_up(place, "--home", str(small / "home"), "--empty") as takt:
            assert takt.wait(60) == 1
        assert "is full" in "\n".join(takt.said)
        assert "--home" in "\n".join(takt.said)
        assert not (small / "home" / "postgres" / "data").exists()
        assert eventually_none(place) == []


def test_on_a_disk_that_has_filled_since_a_second_start_says_so_and_a_third_goes_on(
    place: Path,
) -> None:
    with small_disk(place, 300) as small:
        home, filler = ("--home", str(small / "home"), "--empty"), small / "filler"
        with takt_up(place, *home) as takt:
            takt.await_banner(FIRST_START_SECONDS)
            assert takt.end(signal.SIGINT) == 0
        # Our own files meet it at once, or PostgreSQL does a little later.
        for bytes_left in (0, 40_960):
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(1 << 16)):
                    pass
            os.truncate(filler, filler.stat().st_size - bytes_left)
            with takt_up(place, *home) as takt:
                assert takt.wait(60) == 1
            assert takt.said[0].endswith("is full.")
            assert "Free some space" in takt.said[1]
            assert len(takt.said) == 2, takt.said
            filler.unlink()
        with takt_up(place, *home) as takt:
            takt.await_banner(SECOND_START_SECONDS)
            assert takt.end(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        pytest.param("x" * 100, "a Unix socket may have at most 107", id="path too long"),
        pytest.param(
            "private/home",
            "lets nobody through",
            id="out of reach",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user"),
        ),
    ],
)
def test_a_home_where_the_database_cannot_live_is_refused_before_anything_is_made(
    folder: str, problem: str, place: Path
) -> None:
    (place / "private").mkdir(mode=0o700)
    with takt_up(place, "--home", str(place / folder)) as takt:
        assert takt.wait(60) == 1
    assert problem in takt.said[0]
    assert not (place / folder).exists()


def test_a_given_postgresql_and_business_time_are_used_and_no_other_server_is_started(
    place: Path,
) -> None:
    with (
        ephemeral() as server,
        takt_up(
            place, "--ephemeral", "--empty", "--as-of", "2017-12-31", "--database", server.admin_url
        ) as takt,
    ):
        url = takt.await_banner(FIRST_START_SECONDS)
        [key_file] = place.glob("takt-*/home/key")
        status = json.loads(get(f"{url}/v1/status", key_file.read_text().strip()))
        assert len(status["services"]) == 5
        # As in compose, where a container that has no home makes the link.
        elsewhere = {
            "TAKT_URL": url,
            "TAKT_KEY": key_file.read_text().strip(),
            "TAKT_DATABASE": server.admin_url,
            "TAKT_HOME": str(place / "none"),
        }
        opened = subprocess.run(
            [TAKT, "open", "--print"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **elsewhere},
        )
        assert sign_in(url, opened.stdout.strip().partition("#ticket=")[2]) == 200
        assert "it is 2017-12-31" in "\n".join(takt.said)
        assert not list(place.glob("takt-*/home/postgres"))
        assert takt.end(signal.SIGINT) == 0
