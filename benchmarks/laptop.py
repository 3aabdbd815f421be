"""What `takt up` takes of a laptop: memory, idle CPU, seconds to its help and second start."""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.line import Line
from takt.standalone.ports import free_ports

TAKT = str(Path(sys.executable).with_name("takt"))
LOADED_WITHIN = 180
IDLE_SECONDS = 30


def measure() -> list[Line]:
    """Memory and idle CPU after the demonstration load; help; the second start."""
    lines = [_help()]
    with tempfile.TemporaryDirectory(prefix="takt-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with _up(home / "home") as (process, _):
            _wait_until_loaded(home / "home")
            time.sleep(20)
            lines += [_memory(process.pid), _idle(process.pid)]
        with _up(home / "home") as (_, seconds):
            lines.append(
                Line("second takt up, to ready", seconds, "s", None, None, 5.0, better="less")
            )
    return lines


def _help() -> Line:
    """`takt --help` beside the bare interpreter."""
    helped = statistics.median(_seconds([TAKT, "--help"]) for _ in range(5))
    bare = statistics.median(_seconds([sys.executable, "-c", "pass"]) for _ in range(5))
    return Line(
        "takt --help", helped, "s", "python -c pass", bare, 0.25, better="less", ratio_aim=False
    )


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


@contextmanager
def _up(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A running `takt up` and the seconds until its page was served."""
    began = time.perf_counter()
    log = home.parent / "up.log"
    [port] = free_ports()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [TAKT, "up", "--home", str(home), "--port", str(port)], stdout=output, stderr=output
        )
    try:
        while not _answers(home):
            if process.poll() is not None:
                raise RuntimeError(f"takt up ended:\n{log.read_text()}")
            time.sleep(0.02)
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)


def _running(home: Path) -> str | None:
    file = home / "running.json"
    if not file.exists():
        return None
    url: str = json.loads(file.read_text())["url"]
    return url


def _answers(home: Path) -> bool:
    url = _running(home)
    if url is None:
        return False
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_until_loaded(home: Path) -> None:
    deadline = time.monotonic() + LOADED_WITHIN
    key = (home / "key").read_text().strip()
    while time.monotonic() < deadline:
        request = urllib.request.Request(
            f"{_running(home)}/v1/forecast-versions?limit=1",
            headers={"Authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            if json.load(answer)["items"]:
                return
        time.sleep(1)
    raise RuntimeError(f"no forecast version within {LOADED_WITHIN} s of the first start")


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _memory(pid: int) -> Line:
    """Proportional set size: shared pages count once over all processes."""
    kilobytes = 0
    for one in _family(pid):
        for text in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if text.startswith("Pss:"):
                kilobytes += int(text.split()[1])
    return Line(
        "takt up after the demonstration load, resident (PSS)",
        kilobytes / 1024, "MB", None, None, 600, better="less",
    )  # fmt: skip


def _idle(pid: int) -> Line:
    """CPU of all processes while nobody asks for anything."""
    before = _cpu(pid)
    time.sleep(IDLE_SECONDS)
    share = (_cpu(pid) - before) / IDLE_SECONDS * 100
    return Line("takt up, idle", share, "% of a core", None, None, 2.0, better="less")


def _cpu(pid: int) -> float:
    ticks = 0
    for one in _family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
