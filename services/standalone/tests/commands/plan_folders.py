"""Folders for the tests of `takt plan`: the guide's, changed, and what it says of them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.csv

Told = tuple[int, str, str]
Takt = Callable[..., Told]

START = "2026-11-30"
GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "plan.md"
FILES = dict(re.findall(r"```csv (\w+)\.csv\n(.*?)```", GUIDE.read_text("utf-8"), re.S))
MOVED = {
    "items": FILES["items"] + "bike,west,7,0,5,\nwheel,west,7,0,,\n",
    "bom": "parent,component,quantity,site\nbike,wheel,2,east\n",
    "stock": None,
    "receipts": None,
    "demand": "demand,item,site,due,quantity\nD-1,bike,west,2026-12-22,4\n",
}


def lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"


def folder(tmp_path: Path, **changed: str | None) -> Path:
    """The files above, some of them otherwise; None leaves one out."""
    for name, text in (FILES | changed).items():
        if text is not None:
            (tmp_path / f"{name}.csv").write_text(lines(text), "utf-8")
    return tmp_path


def planned(takt: Takt, path: Path, *more: object) -> dict[str, Any]:
    code, out, err = takt("plan", path, "--start", START, "--weeks", 8, "-o", "json", *more)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def refused(takt: Takt, path: Path, *more: object) -> str:
    code, out, err = takt("plan", path, "--start", START, "--weeks", 8, *more)
    assert (code, out) == (1, "")
    return err


def orders(takt: Takt, path: Path, *more: object) -> list[tuple[Any, ...]]:
    target = path / "orders.csv"
    planned(takt, path, "--orders", target, *more)
    table = pyarrow.csv.read_csv(target).to_pylist()
    target.unlink()
    return [(row["item"], row["week"], row["release"], row["quantity"]) for row in table]
