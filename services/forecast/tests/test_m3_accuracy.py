import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif("TAKT_DATA" not in os.environ, reason="TAKT_DATA names no data folder")
def test_the_fast_path_reaches_its_accuracy_on_m3():
    spec = importlib.util.spec_from_file_location("m3", ROOT / "benchmarks" / "m3.py")
    m3 = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m3)
    series = m3.read(Path(os.environ["TAKT_DATA"]) / "m3" / "m3.csv.gz")
    assert m3.measure(series["monthly"], 12)["owa"] <= 0.825
    assert m3.measure(series["quarterly"], 4)["owa"] <= 0.890
