"""The table of measures in the README: written by the run that measured, and nothing else is."""

import json

from benchmarks.__main__ import README, RESULTS
from benchmarks.line import Line, of_json, table, with_table

BEAT = Line("beat p50", 275.0, "ms", "three hops", 24.4, 50.0, better="less", ratio_aim=False)


def test_a_run_puts_its_table_in_the_place_of_the_last_one() -> None:
    page = README.read_text()
    new = with_table(page, [BEAT])
    assert new.count(table([BEAT])) == 1
    before, _, after = new.partition(table([BEAT]))
    assert page.startswith(before)
    assert page.endswith(after)
    assert "| measure |" not in before + after


def test_a_figure_is_shown_with_the_cases_on_which_it_stands() -> None:
    line = of_json({**BEAT.json(), "note": "394 changes, 6 without effect"})
    assert "| beat p50 (394 changes, 6 without effect) | 275 ms | three hops: 24.4 ms |" in (
        table([line])
    )


def test_every_measure_that_was_kept_has_its_line() -> None:
    groups = json.loads(RESULTS.read_text())["groups"]
    lines = [of_json(line) for group in groups.values() for line in group]
    assert len(table(lines).splitlines()) == len(lines) + 2
