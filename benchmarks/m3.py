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

from takt.forecast.domain import fast_path, seasonality

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


def naive2(train: Floats, season: int, horizon: int) -> Floats:
    """The last value, seasonally adjusted where the series is seasonal."""
    indices = seasonality.indices(train[None], season, kept=1.0)[0]
    last = train[-1] / indices[(len(train) - 1) % season]
    return last * indices[(len(train) + np.arange(horizon)) % season]


def scores(train: Floats, test: Floats, guess: Floats, season: int) -> tuple[float, float]:
    """SMAPE and MASE of one series."""
    error = np.abs(test - guess)
    smape = float(np.mean(2 * error / (np.abs(test) + np.abs(guess))))
    return smape, float(error.mean() / np.abs(train[season:] - train[:-season]).mean())


def measure(series: list[tuple[Floats, Floats]], season: int) -> dict[str, float]:
    """OWA over all series and CPU milliseconds a series."""
    by_length: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position, (train, test) in enumerate(series):
        by_length[len(train), len(test)].append(position)
    guesses: dict[int, Floats] = {}
    start = time.process_time()
    for (_, horizon), positions in by_length.items():
        states = fast_path.fit(np.stack([series[p][0] for p in positions]), season)
        guesses.update(zip(positions, fast_path.forecast(states, horizon), strict=True))
    spent = time.process_time() - start
    ours = np.array([scores(*series[p], guesses[p], season) for p in range(len(series))])
    naive = np.array([scores(a, b, naive2(a, season, len(b)), season) for a, b in series])
    ratio = ours.mean(axis=0) / naive.mean(axis=0)
    return {
        "series": len(series),
        "owa": float(ratio.mean()),
        "smape": float(ours[:, 0].mean() * 100),
        "mase": float(ours[:, 1].mean()),
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
