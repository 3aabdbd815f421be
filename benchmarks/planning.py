"""The plan of everything at once, beside plain numpy in the same run, and `takt plan` from files.

    python -m benchmarks.planning [ITEMS…]    1,000, 10,000, 100,000 and 1,000,000 without any

Prints a Markdown table. Each size runs in a process of its own, so that its memory is its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks import planning_capacity
from benchmarks.line import Line, table
from benchmarks.planning_model import START, Manufacturer, generated, grid_of_manufacturer, write
from benchmarks.planning_plain import plain_of, plan_plain
from takt.standalone.commands.plan import peak_mb
from takt.supply_planning.domain.grid.netting import GridPlan, plan_grid

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OF_THE_AIMS = 100_000
"""Items of most aims: planned from files, too, and compared with the plain pass to the unit."""
REPEATS = {1_000: 20, 10_000: 10, 100_000: 5}
THIRD = 1 / 3
TAKT = Path(sys.executable).with_name("takt")


def least(run: Callable[[], Any], times: int) -> float:
    """The shortest of some runs, in seconds: what the machine's other work has added least to."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def measured(items: int) -> dict[str, float]:
    """One size: seconds of both passes, and the memory of ours from arrays to orders."""
    model = generated(items)
    began = time.perf_counter()
    grid = grid_of_manufacturer(model)
    laid_out = time.perf_counter() - began
    times = REPEATS.get(items, 2)
    began = time.perf_counter()
    plan = plan_grid(grid)
    first = time.perf_counter() - began
    peak = peak_mb()
    began = time.perf_counter()
    orders = plan.orders()
    as_columns = time.perf_counter() - began
    number = len(orders.row)
    del orders
    check(model, plan, items)
    ours = min(first, least(lambda: plan_grid(grid), times))
    plain = plain_of(model)
    theirs = least(lambda: plan_plain(plain), times)
    return {
        "items": items,
        "ours": ours,
        "plain": theirs,
        "columns": as_columns,
        "laid_out": laid_out,
        "peak": peak,
        "orders": number,
    }


def check(model: Manufacturer, plan: GridPlan, items: int) -> None:
    """Both passes plan the same, to the unit; at a million items that is not worth its memory."""
    if items > OF_THE_AIMS:
        return
    theirs = plan_plain(plain_of(model))
    ours = plan.planned[:, plan.grid.place].T / 1e6
    if not (theirs == ours).all():
        raise SystemExit("the plain pass plans otherwise")


def from_files(items: int, suffix: str) -> tuple[float, dict[str, Any]]:
    """`takt plan` as a person starts it: all seconds, and what it says of itself."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "supply"
        write(generated(items), folder, suffix)
        command = [TAKT, "plan", folder, "--start", START.isoformat(), "-o", "json"]
        best: tuple[float, dict[str, Any]] | None = None
        for _ in range(3):
            began = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            taken = time.perf_counter() - began
            if best is None or taken < best[0]:
                best = taken, json.loads(done.stdout)
        assert best is not None
        return best


def lines_of(found: dict[str, Any], smaller: dict[str, Any] | None) -> list[Line]:
    """The lines of one size; growth against the next smaller one."""
    items = int(found["items"])
    lines = [
        Line(
            f"arrays to orders, {items:,} items",
            found["ours"] * 1e3,
            "ms",
            "plain numpy",
            found["plain"] * 1e3,
            THIRD if items == OF_THE_AIMS else 1,
            "less",
            note=f"{found['orders']:,} orders; the grid laid out in {found['laid_out'] * 1e3:,.0f} "
            f"ms before, orders as columns in {found['columns'] * 1e3:,.0f} ms after",
        )
    ]
    if items >= OF_THE_AIMS:
        aim = 1_000 if items == OF_THE_AIMS else 6_000
        lines.append(
            Line(f"its memory, {items:,} items", found["peak"], "MB", None, None, aim, "less")
        )
    if smaller:
        times = items / smaller["items"]
        lines.append(
            Line(
                f"growth of time from {int(smaller['items']):,} to {items:,} items",
                found["ours"] / smaller["ours"],
                "times",
                None,
                None,
                times,
                "less",
            )
        )
    return lines


def file_lines(items: int) -> list[Line]:
    """`takt plan` from both forms of files."""
    lines = []
    for suffix, aim in (("csv", 6), ("parquet", 3)):
        taken, said = from_files(items, suffix)
        parts = ", ".join(f"{name} {value:.2f} s" for name, value in said["seconds"].items())
        name = f"takt plan from {suffix}, {items:,} items"
        lines += [
            Line(name, taken, "s", None, None, aim, "less", note=parts),
            Line(f"its memory from {suffix}", said["peak_mb"], "MB", None, None, 1_000, "less"),
        ]
    return lines


def main(sizes: list[int]) -> None:
    """Measure each size in a process of its own, then files, and print the table."""
    lines: list[Line] = []
    before = None
    for items in sizes or SIZES:
        print(f"planning {items:,} items …", file=sys.stderr, flush=True)
        one = [sys.executable, "-m", "benchmarks.planning", "--one", str(items)]
        found = json.loads(subprocess.run(one, check=True, capture_output=True).stdout)
        lines += lines_of(found, before)
        before = found
        if items == OF_THE_AIMS:
            lines += file_lines(items)
    if not sizes:
        print("planning within capacity …", file=sys.stderr, flush=True)
        lines += planning_capacity.measure()
    print(table(lines))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(int(sys.argv[2]))))
    else:
        main([int(text.replace(",", "")) for text in sys.argv[1:]])
