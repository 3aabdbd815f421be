import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.win_history import DealPath, Entry
from takt.forecast.domain.win_table import HistoryProblem, moment, read_paths

from .win_cases import rows_of, simulated

PATHS = simulated(30, seed=11)
ROWS = rows_of(PATHS)
COLUMNS = list(ROWS[0])


def changed(**values):
    return [{**ROWS[0], **values}, *ROWS[1:]]


def test_rows_become_deals_with_their_stages_in_order():
    found = read_paths(list(reversed(ROWS)), COLUMNS)
    assert len(found) == 30
    for path, made in zip(found, sorted(PATHS, key=lambda p: p.opened_at), strict=True):
        assert (path.deal_id, path.outcome) == (made.deal_id, made.outcome)
        assert [e.stage for e in path.entries] == [e.stage for e in made.entries]
        assert path.attributes == made.attributes


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"opened_at": "yesterday"}, "opened_at", "no time"),
        ({"entered_at": ""}, "entered_at", "no time"),
        ({"outcome": "perhaps"}, "outcome", "unknown"),
        ({"closed_at": ""}, "closed_at", "not said when"),
        ({"outcome": "open"}, "closed_at", "is open"),
        ({"closed_at": "1969-01-01"}, "closed_at", "before the opening"),
        ({"amount": "much"}, "amount", "no number"),
        ({"amount": "1e999"}, "amount", "no number"),
        ({"stage": " "}, "stage", "empty"),
        ({"deal_id": ""}, "deal_id", "empty"),
    ],
)
def test_a_bad_value_is_named_with_its_line_and_a_remedy(values, field, told):
    with pytest.raises(HistoryProblem) as caught:
        read_paths(changed(**values), COLUMNS)
    assert caught.value.field == field
    assert told in caught.value.problem
    assert "line 2" in caught.value.problem
    assert caught.value.remedy


def test_rows_of_one_deal_that_contradict_each_other_are_refused():
    with pytest.raises(HistoryProblem, match="deal 00000 says otherwise"):
        read_paths([ROWS[0], {**ROWS[0], "opened_at": "1970-01-01", "stage": "talks"}], COLUMNS)


def test_a_missing_column_is_named_with_the_one_that_may_be_meant():
    renamed = ["opportunity_id" if c == "deal_id" else c for c in COLUMNS]
    with pytest.raises(HistoryProblem, match="no such column") as caught:
        read_paths(ROWS, [c.replace("opened_at", "opened_on") for c in COLUMNS])
    assert caught.value.value == "opened_at"
    assert caught.value.remedy == "Name opened_on opened_at."
    with pytest.raises(HistoryProblem, match="deal_id"):
        read_paths(ROWS, renamed)
    with pytest.raises(HistoryProblem, match="twice"):
        read_paths(ROWS, [*COLUMNS, "stage"])
    with pytest.raises(HistoryProblem, match="no rows"):
        read_paths([], COLUMNS)


def test_other_columns_are_attributes_and_what_is_empty_is_not_carried():
    rows = [
        {**row, "region": "north" if n else "nan", "seats": "7" if n else ""}
        for n, row in enumerate(ROWS)
    ]
    found = read_paths(rows, [*COLUMNS, "region", "seats"])
    assert found[-1].attributes["region"] == "north"
    assert found[-1].attributes["seats"] == 7.0


def test_without_actor_and_amount_it_is_read_too():
    columns = [c for c in COLUMNS if c not in ("actor", "amount")]
    found = read_paths([{c: row[c] for c in columns} for row in ROWS], columns)
    assert {entry.owner for path in found for entry in path.entries} == {""}


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_problem(text):
    with contextlib.suppress(HistoryProblem):
        assert isinstance(moment(text, "as-of"), float)


def test_an_open_deal_stands_as_it_did():
    path = DealPath("a", 1.0, (Entry("x", 1.0, ""), Entry("y", 5.0, "")), "won", 9.0)
    assert path.as_known(4.0) == DealPath("a", 1.0, (Entry("x", 1.0, ""),))
    assert path.as_known(9.0) == path
