"""The combination and the fast path on the M3 competition, beside statsforecast in the same run.

    TAKT_DATA=<folder with m3/m3.csv.gz> python -m benchmarks.forecast [SAMPLE]

SAMPLE: how many series of each period statsforecast forecasts, drawn with a seed; all without it
(26 minutes of a core). Takt always forecasts all: its global learners are trained on them. What is
compared, is compared on the sample. OWA as in the M4 competition, against Naive2.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

from benchmarks.m3 import SEASONS, read
from takt.forecast.domain import accuracy, combination, fast_path, naive

Floats = npt.NDArray[np.float64]

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".bench-venv" / "bin" / "python"
DRAWS = 4000
AIMS = {
    "monthly": {"owa": 0.785, "fast": 0.825, "msis": 8.1},
    "quarterly": {"owa": 0.845, "fast": 0.910, "msis": 10.5},
}


@dataclass(frozen=True, slots=True)
class Errors:
    """SMAPE and MASE of each series, shape (series,)."""

    smape: Floats
    mase: Floats

    def owa(self, naive2: "Errors", rows: npt.NDArray[np.int64] | slice = slice(None)) -> float:
        """Against Naive2, over some series."""
        theirs = naive2.smape[rows], naive2.mase[rows]
        return accuracy.owa(self.smape[rows], self.mase[rows], *theirs)


def errors(points: Floats, actual: Floats, units: Floats) -> Errors:
    """Both errors of each series."""
    return Errors(accuracy.smape(actual, points), accuracy.mase(actual, points, units))


def difference(ours: Errors, theirs: Errors, naive2: Errors) -> tuple[float, float]:
    """The 95 % interval of OWA less theirs: the same series drawn again for both."""
    random = np.random.default_rng(0)
    series = len(naive2.smape)
    drawn = []
    for _ in range(DRAWS):
        rows = random.integers(0, series, series)
        drawn.append(ours.owa(naive2, rows) - theirs.owa(naive2, rows))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def peers(histories: Sequence[Floats], season: int, horizon: int) -> dict[str, Any]:
    """Statsforecast's four, in an environment of their own."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "series.json", Path(folder) / "result.json"
        task = {"season": season, "horizon": horizon, "histories": [h.tolist() for h in histories]}
        source.write_text(json.dumps(task))
        script = ROOT / "benchmarks" / "statsforecast_peer.py"
        subprocess.run([PEER, script, source, target], check=True)
        result: dict[str, Any] = json.loads(target.read_text())
        return result


def of_each_length(
    method: Callable[[Floats, int, int], Floats],
    histories: Sequence[Floats],
    season: int,
    horizon: int,
) -> Floats:
    """The points of a method that takes series of one length."""
    points = np.empty((len(histories), horizon))
    for rows, y in fast_path.same_length(histories):
        points[rows] = method(y, season, horizon)
    return points


def fast(y: Floats, season: int, horizon: int) -> Floats:
    """The fast path's points."""
    return fast_path.forecast(fast_path.fit(y, season), horizon)


def measure(period: str, series: Sequence[tuple[Floats, Floats]], sample: int | None) -> None:
    """Print the rows of one period."""
    season, aims = SEASONS[period], AIMS[period]
    histories, actual = [train for train, _ in series], np.stack([test for _, test in series])
    horizon = actual.shape[1]
    units = accuracy.seasonal_error(histories, season)
    began = time.process_time()
    ours = combination.forecast(histories, season, horizon)
    spent = (time.process_time() - began) * 1000 / len(series)
    began = time.process_time()
    quick = of_each_length(fast, histories, season, horizon)
    quick_spent = (time.process_time() - began) * 1000 / len(series)
    naive2 = errors(of_each_length(naive.naive2, histories, season, horizon), actual, units)
    combined = errors(ours.points, actual, units)
    print(f"\n{period}, {len(series)} series")
    print(f"  OWA combination            {combined.owa(naive2):.4f}   aim {aims['owa']}")
    quick_owa = errors(quick, actual, units).owa(naive2)
    print(f"  OWA fast path              {quick_owa:.4f}   aim {aims['fast']}")
    print(f"  CPU fast path              {quick_spent:.2f} ms a series   aim 0.5")
    print(f"  CPU combination            {spent:.1f} ms a series, intervals included")
    for level, aim in ((80, "78 to 82"), (95, "93 to 97")):
        inside = 100 * accuracy.coverage(actual, ours.lows[level], ours.highs[level])
        print(f"  coverage {level} %              {inside:.1f} %   aim {aim}")
    wide = accuracy.mean(accuracy.msis(actual, ours.lows[95], ours.highs[95], units))
    print(f"  MSIS                       {wide:.2f}   aim {aims['msis']}", flush=True)
    if sample == 0:
        return
    rows = np.sort(np.random.default_rng(1).permutation(len(series))[: sample or len(series)])
    found = peers([histories[row] for row in rows], season, horizon)
    points = {
        name: np.array([f["mean"] for f in model["forecasts"]]) for name, model in found.items()
    }
    few = Errors(naive2.smape[rows], naive2.mase[rows])
    mine = Errors(combined.smape[rows], combined.mase[rows])
    median = errors(np.median(list(points.values()), axis=0), actual[rows], units[rows])
    print(f"  side by side on {len(rows)} of them:")
    for name, theirs in points.items():
        owa = errors(theirs, actual[rows], units[rows]).owa(few)
        print(f"    OWA {name:22} {owa:.4f}   {found[name]['cpu_ms']:.1f} ms CPU")
    print(f"    OWA median of the four     {median.owa(few):.4f}")
    low, high = difference(mine, median, few)
    print(f"    OWA combination            {mine.owa(few):.4f}")
    print(f"    difference                 {mine.owa(few) - median.owa(few):+.4f}"
          f"   95 % interval {low:+.4f} to {high:+.4f}, aim below 0")  # fmt: skip
    total = sum(model["cpu_ms"] for model in found.values())
    print(f"    CPU ratio                  {total / spent:.0f} times less   aim 30")
    edges = {
        key: np.array([f[key] for f in found["AutoETS"]["forecasts"]])
        for key in ("lo-80", "hi-80", "lo-95", "hi-95")
    }
    theirs_wide = accuracy.msis(actual[rows], edges["lo-95"], edges["hi-95"], units[rows])
    low, high = ours.lows[95][rows], ours.highs[95][rows]
    mine_wide = accuracy.msis(actual[rows], low, high, units[rows])
    print(
        f"    MSIS combination, AutoETS  {accuracy.mean(mine_wide):.2f},"
        f" {accuracy.mean(theirs_wide):.2f}"
    )
    for level in (80, 95):
        inside = 100 * accuracy.coverage(actual[rows], edges[f"lo-{level}"], edges[f"hi-{level}"])
        print(f"    coverage AutoETS {level} %      {inside:.1f} %")


def main(arguments: list[str]) -> int:
    folder = os.environ.get("TAKT_DATA")
    if not folder:
        print("TAKT_DATA is not set; name the folder that holds m3/m3.csv.gz", file=sys.stderr)
        return 2
    sample = int(arguments[0]) if arguments else None
    if sample != 0 and not PEER.exists():
        print("statsforecast is not there; run `make bench-forecast`", file=sys.stderr)
        return 2
    for period, series in read(Path(folder) / "m3" / "m3.csv.gz").items():
        measure(period, series, sample)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
