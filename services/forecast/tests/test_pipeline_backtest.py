import importlib.util
from pathlib import Path

PATH = Path(__file__).parents[3] / "benchmarks" / "pipeline_backtest.py"


def test_joining_is_nearer_to_demand_than_either_part_their_sum_or_the_larger():
    spec = importlib.util.spec_from_file_location("pipeline_backtest", PATH)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    found = script.backtest(origins=3)
    joined = found.pop("joined (rules.md)")
    found.pop("80 % coverage")
    for rule, by_horizon in found.items():
        assert joined[0][0] < by_horizon[0][0], rule
        assert joined[3][0] < by_horizon[3][0], rule
    assert abs(joined[0][1]) < 0.1
