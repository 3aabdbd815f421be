"""`make bench`: every measure of the README, beside its limit or peer in the same run.

Usage: python -m benchmarks [NAME…]   prints a Markdown table; of all groups it also writes
                                      benchmarks/results.json
"""

import asyncio
import json
import os
import platform
import sys
from pathlib import Path

from benchmarks import beat, crm_import, laptop, reforecast, rest, transport
from benchmarks.lab import Lab, lab
from benchmarks.line import Line, table

RESULTS = Path(__file__).with_name("results.json")


def run(name: str, shared: Lab) -> list[Line]:
    """The lines of one group."""
    match name:
        case "rest":
            return asyncio.run(rest.measure(shared))
        case "import":
            return asyncio.run(crm_import.measure(shared))
        case "beat":
            return asyncio.run(beat.measure(shared))
        case "transport":
            return asyncio.run(transport.measure(shared))
        case "reforecast":
            return reforecast.measure()
        case "laptop":
            return laptop.measure()
        case _:
            raise SystemExit(f"{name} is no group; there are {', '.join(GROUPS)}")


GROUPS = ("rest", "import", "beat", "transport", "reforecast", "laptop")


def main(names: list[str]) -> None:
    """Measure, print, write."""
    lines: list[Line] = []
    with lab() as shared:
        for name in names or GROUPS:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            found = run(name, shared)
            print(*(f"  {line}" for line in found), sep="\n", file=sys.stderr, flush=True)
            lines += found
    print(table(lines))
    if names:
        return
    python, kernel = platform.python_version(), platform.release()
    machine = {"cpus": os.cpu_count(), "python": python, "kernel": kernel}
    RESULTS.write_text(
        json.dumps({"machine": machine, "lines": [line.json() for line in lines]}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
