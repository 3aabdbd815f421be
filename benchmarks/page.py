"""The web page in a real browser: how soon it is drawn, and how it keeps up with what happens.

`services/console/web/e2e/page.measure.ts` measures; every aim is absolute.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.lab import ROOT
from benchmarks.line import Line

WEB = ROOT / "services/console/web"


def measure() -> list[Line]:
    """Eight lines, on a Takt of its own."""
    with tempfile.TemporaryDirectory(prefix="takt-page-") as folder:
        found = Path(folder, "measured.json")
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(
            ["npm", "--prefix", WEB, "run", "--silent", "measure"],
            env={**os.environ, "PATH": programs, "TAKT_MEASURED": str(found)},
            stdout=sys.stderr,
            check=True,
        )
        said: dict[str, float] = json.loads(found.read_text())
    events = f"{said['events_a_second']:.0f} events a second for a minute"
    return [
        _line("page: JavaScript of the first screen, compressed", said["script_kb"], "KB", 200),
        _line("page: navigation to a drawn chart, median of 10", said["drawn_ms"], "ms", 1_000),
        _line("page: click to changed chart, orders and cash, p50", said["move_p50_ms"], "ms", 400),
        _line("page: the same, p95", said["move_p95_ms"], "ms", 1_000),
        _line("page: 5,000 open deals, first cards", said["board_ms"], "ms", 1_500),
        _line("page: 5,000 open deals, longest frame of a drag", said["drag_frame_ms"], "ms", 50),
        _line(f"page: {events}, longest frame", said["stream_frame_ms"], "ms", 100),
        _line(f"page: {events}, memory after against before", said["heap_growth"], "times", 1.1),
    ]


def _line(measure: str, value: float, unit: str, aim: float) -> Line:
    return Line(measure, value, unit, None, None, aim, better="less")
