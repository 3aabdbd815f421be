"""`make bench`: every measure of the README, beside its limit or peer in the same run.

Usage: python -m benchmarks [NAME…]   prints a Markdown table, puts what was measured into
                                      benchmarks/results.json, and all of that into the README;
                                      without a name all groups but `changed`
"""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from benchmarks import (
    beat,
    crm_import,
    laptop,
    page,
    planning_changed,
    planning_pegging,
    planning_promise,
    reconcile,
    reconciled_change,
    reforecast,
    rest,
    transport,
)
from benchmarks.lab import Lab, lab
from benchmarks.line import Line, of_json, table, with_table

RESULTS = Path(__file__).with_name("results.json")
README = Path(__file__).parents[1] / "README.md"


ON_SERVERS: Mapping[str, Callable[[Lab], Awaitable[list[Line]]]] = {
    "rest": rest.measure,
    "import": crm_import.measure,
    "beat": beat.measure,
    "transport": transport.measure,
    "promise": planning_promise.measure,
    "pegging": planning_pegging.measure,
    "changed": planning_changed.measure,
}
ALONE: Mapping[str, Callable[[], list[Line]]] = {
    "reforecast": reforecast.measure,
    "reconcile": reconcile.measure,
    "laptop": laptop.measure,
    "page": page.measure,
}
GROUPS = (*ON_SERVERS, *ALONE)
WHEN_NAMED = ("changed",)
"""Eight minutes, nearly all of them to write 100,000 items."""


def run(name: str, shared: Lab) -> list[Line]:
    """The lines of one group."""
    if name in ON_SERVERS:
        return asyncio.run(ON_SERVERS[name](shared))
    if name not in ALONE:
        raise SystemExit(f"{name} is no group; there are {', '.join(GROUPS)}")
    lines = ALONE[name]()
    if name == "reconcile":
        lines += asyncio.run(reconciled_change.measure(shared))
    return lines


def main(names: list[str]) -> None:
    """Measure, print, write; each group has servers of its own, as empty as they begin."""
    measured: dict[str, list[Line]] = {}
    for name in names or [group for group in GROUPS if group not in WHEN_NAMED]:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        with lab() as shared:
            measured[name] = run(name, shared)
    print(table([line for lines in measured.values() for line in lines]))
    kept = json.loads(RESULTS.read_text())["groups"] if RESULTS.exists() else {}
    kept |= {name: [line.json() for line in lines] for name, lines in measured.items()}
    python, kernel = platform.python_version(), platform.release()
    machine = {"cpus": os.cpu_count(), "python": python, "kernel": kernel}
    groups = {name: kept[name] for name in GROUPS if name in kept}
    lines = [of_json(line) for group in groups.values() for line in group]
    README.write_text(with_table(README.read_text(), lines))
    RESULTS.write_text(json.dumps({"machine": machine, "groups": groups}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
