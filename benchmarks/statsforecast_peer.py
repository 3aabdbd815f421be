"""The peer of `benchmarks/forecast.py`, run in an environment of its own: statsforecast's models.

    .bench-venv/bin/python benchmarks/statsforecast_peer.py SERIES.json RESULT.json

SERIES: {"season": M, "horizon": H, "histories": [[…], …]}. RESULT: by model the points, CPU
milliseconds a series after compilation, and for AutoETS the edges of its intervals.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, DynamicOptimizedTheta, Naive


def main(source: str, target: str) -> None:
    """Forecast every series by every model; a model that fails falls back to the last value."""
    warnings.simplefilter("ignore")
    task = json.loads(Path(source).read_text())
    season, horizon = task["season"], task["horizon"]
    histories = [np.array(history) for history in task["histories"]]
    models = {
        "AutoETS": AutoETS(season_length=season),
        "AutoARIMA": AutoARIMA(season_length=season),
        "AutoCES": AutoCES(season_length=season),
        "DynamicOptimizedTheta": DynamicOptimizedTheta(season_length=season),
    }
    result = {}
    for name, model in models.items():
        level = [80, 95] if name == "AutoETS" else None
        model.forecast(histories[0], h=horizon, level=level)  # compiles
        found, failed = [], 0
        began = time.process_time()
        for history in histories:
            try:
                ahead = model.forecast(history, h=horizon, level=level)
            except Exception:  # noqa: BLE001 - whatever a peer fails with, it is counted
                failed += 1
                ahead = Naive().forecast(history, h=horizon, level=level)
            found.append({key: np.asarray(value).tolist() for key, value in ahead.items()})
        spent = (time.process_time() - began) * 1000 / len(histories)
        result[name] = {"forecasts": found, "cpu_ms": spent, "failed": failed}
        print(f"{name}: {spent:.1f} ms CPU a series, {failed} failed", file=sys.stderr, flush=True)
    Path(target).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
