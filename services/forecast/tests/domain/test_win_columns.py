from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from takt.forecast.domain.win_columns import Columns
from takt.forecast.domain.win_history import DealPath, Entry, as_known, milestones_of

from .win_cases import simulated

PATHS = simulated(400, seed=4)


@settings(max_examples=15, deadline=None)
@given(st.floats(20, 180))
def test_a_row_is_the_same_whatever_comes_after_it(moment):
    """Only what was known when the stage was entered is in it."""
    whole = milestones_of(PATHS)
    columns = Columns.fit(whole, ["amount"])
    rows, _ = columns.replay(whole)
    earlier = milestones_of(as_known(PATHS, moment))
    rows_then, _ = columns.replay(earlier)
    assert [m.entry for m in earlier] == [m.entry for m in whole][: len(earlier)]
    np.testing.assert_array_equal(rows[: len(earlier)], rows_then)


def test_an_owners_rate_counts_no_outcome_that_came_later():
    first = DealPath("a", 0.0, (Entry("offer", 0.0, "ann"),), "won", 10.0)
    before = DealPath("b", 9.0, (Entry("offer", 9.0, "ann"),))
    after = DealPath("c", 11.0, (Entry("offer", 11.0, "ann"),))
    milestones = milestones_of([first, before, after])
    columns = Columns.fit(milestones, [])
    rows, rates = columns.replay(milestones)
    owner_rate = columns.features().index("owner")
    assert rows[0, owner_rate] == rows[1, owner_rate] == 0.0
    assert rows[2, owner_rate] > 0.0
    assert rates.cases["owner ann"] == 1


def test_of_many_stages_the_commonest_have_columns():
    rare = [DealPath(f"r{n}", 0.0, (Entry(f"a{n:02}", 0.0, "ann"),)) for n in range(45)]
    common = [DealPath(f"c{n}", 0.0, (Entry("talks", 0.0, "ann"),)) for n in range(3)]
    columns = Columns.fit(milestones_of([*rare, *common]), [])
    assert len(columns.stages) == 40
    assert "talks" in columns.stages


def test_returns_time_and_handover_are_told():
    entries = (Entry("offer", 0.0, "ann"), Entry("talks", 3.0, "bob"), Entry("offer", 4.0, "bob"))
    milestones = milestones_of([DealPath("a", 0.0, entries)])
    columns = Columns.fit(milestones, [])
    row = dict(
        zip(reversed(columns.features()), reversed(columns.replay(milestones)[0][2]), strict=True)
    )
    assert row["returns"] == 1.0
    assert np.isclose(row["days_open"], np.log(4.001))
    assert np.isclose(row["days_since_stage"], np.log(1.001))


def test_words_and_numbers_that_are_missing_or_new_are_scored():
    paths = [
        replace(path, attributes={**path.attributes, "region": "north" if n % 2 else "south"})
        for n, path in enumerate(PATHS)
    ]
    milestones = milestones_of(paths)
    columns = Columns.fit(milestones, ["amount", "region"])
    assert columns.numbers == ("amount",)
    assert columns.kinds == (("region", ("north", "south")),)
    _, rates = columns.replay(milestones)
    bare = milestones_of([DealPath("x", 0.0, (Entry("unheard", 1.0, "nobody"),))])[0]
    other = milestones_of(
        [DealPath("x", 0.0, (Entry("offer", 1.0, "ann"),), attributes={"region": "west"})]
    )[0]
    for milestone in (bare, other):
        row = np.array(columns.row(milestone, rates))
        assert len(row) == len(columns.features())
        assert np.isfinite(row).all()
    assert Columns.read(columns.written()) == columns
