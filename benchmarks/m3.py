"""Accuracy of the fast path on the M3 competition, beside its Naive2.

    TAKT_DATA=<folder with m3/m3.csv.gz> python benchmarks/m3.py

OWA as in the M4 competition: the mean of sMAPE and MASE, each relative to Naive2 over all series.
"""

import csv
import gzip
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy, fast_path, naive

Floats = npt.NDArray[np.float64]
SEASONS = {"monthly": 12, "quarterly": 4}


def read(path: Path) -> dict[str, list[tuple[Floats, Floats]]]:
    """Training and test part of each series, by period."""
    parts: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            parts[row["period"], row["series"]][row["part"]].append(float(row["y"]))
    series: dict[str, list[tuple[Floats, Floats]]] = defaultdict(list)
    for (period, _), part in parts.items():
        series[period].append((np.array(part["train"]), np.array(part["test"])))
    return series


def measure(series: list[tuple[Floats, Floats]], season: int) -> dict[str, float]:
    """OWA over all series and CPU milliseconds a series."""
    histories, actual = [train for train, _ in series], np.stack([test for _, test in series])
    horizon = actual.shape[1]
    ahead, naive2 = np.empty_like(actual), np.empty_like(actual)
    start = time.process_time()
    for rows, y in fast_path.same_length(histories):
        ahead[rows] = fast_path.forecast(fast_path.fit(y, season), horizon)
    spent = time.process_time() - start
    for rows, y in fast_path.same_length(histories):
        naive2[rows] = naive.naive2(y, season, horizon)
    unit = accuracy.seasonal_error(histories, season)
    ours, theirs = (
        (accuracy.smape(actual, points), accuracy.mase(actual, points, unit))
        for points in (ahead, naive2)
    )
    return {
        "series": len(series),
        "owa": accuracy.owa(*ours, *theirs),
        "smape": float(accuracy.mean(ours[0])),
        "mase": float(accuracy.mean(ours[1])),
        "cpu_ms": spent * 1000 / len(series),
    }


def main() -> int:
    folder = os.environ.get("TAKT_DATA")
    if not folder:
        print("TAKT_DATA is not set; name the folder that holds m3/m3.csv.gz", file=sys.stderr)
        return 2
    for period, series in read(Path(folder) / "m3" / "m3.csv.gz").items():
        found = measure(series, SEASONS[period])
        print(
            f"{period:10} {found['series']:5.0f} series  OWA {found['owa']:.3f}  "
            f"sMAPE {found['smape']:.2f}  MASE {found['mase']:.3f}  "
            f"CPU {found['cpu_ms']:.2f} ms a series"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
