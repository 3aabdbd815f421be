from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takt.forecast.domain.win_history import as_known
from takt.forecast.domain.win_leaks import leaks_of

from .win_cases import simulated

PATHS = as_known(simulated(600, seed=10), 190.0)


def with_attribute(value_of):
    """The deals with one more attribute; None is not carried."""
    changed = []
    for number, path in enumerate(PATHS):
        value = value_of(path, number)
        more = {} if value is None else {"suspect": value}
        changed.append(replace(path, attributes={**path.attributes, **more}))
    return changed


@pytest.mark.parametrize(
    ("value_of", "reason"),
    [
        (lambda p, n: None if p.outcome == "open" else float(n), "only_closed"),
        (lambda p, n: "rival" if p.outcome == "lost" else None if n % 9 else "none", "presence"),
        (lambda p, n: 0.0 if p.outcome == "lost" else 10.0 + n, "zero"),
        (lambda p, n: 5.0 + n + (1e4 if p.outcome == "won" else 0), "separates"),
        (lambda p, n: {"won": "signed", "lost": "gone"}.get(p.outcome, "running"), "separates"),
    ],
)
def test_what_was_written_after_the_outcome_is_named(value_of, reason):
    assert [(leak.attribute, leak.reason) for leak in leaks_of(with_attribute(value_of))] == [
        ("suspect", reason)
    ]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.05, 1.0))
def test_what_has_nothing_to_do_with_the_outcome_is_no_leak(seed, carried):
    random = np.random.default_rng(seed)
    paths = with_attribute(
        lambda p, n: float(random.normal()) if random.random() < carried else None
    )
    assert leaks_of(paths) == []


def test_where_hardly_any_deal_is_won_a_word_that_says_nothing_is_no_leak():
    won = [path for path in PATHS if path.outcome == "won"][:15]
    lost = [replace(path, outcome="lost") for path in PATHS if path.outcome != "open"]
    paths = [
        replace(path, attributes={"ship_to": ("north", "south")[number % 2]})
        for number, path in enumerate([*won, *lost, *lost])
    ]
    assert len(won) / len(paths) < 0.03
    assert leaks_of(paths) == []


def test_an_attribute_that_truly_speaks_for_winning_is_no_leak():
    assert leaks_of(PATHS) == []
    assert leaks_of([]) == []
