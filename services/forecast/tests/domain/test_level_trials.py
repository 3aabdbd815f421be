"""Intervals and reconciling of sums, on companies whose demand is known to the last number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import around
from takt.forecast.domain.level_trials import (
    BOTTOM_UP,
    RECONCILED,
    Nodes,
    _forecasts,
    sums,
    try_levels,
)
from takt.forecast.domain.levels import SERIES, Scope, company, scopes_of
from takt.forecast.domain.reconciliation import by_covariance

PARENTS = {"EU": None, "US": None, **{f"R{n}": "EU" if n % 2 else "US" for n in range(4)}}
FAMILIES = {f"P{n}": f"F{n % 3}" for n in range(9)}
KEYS = [SeriesKey(product, region) for product in FAMILIES for region in PARENTS if "R" in region]
JUDGED = dict.fromkeys(range(4, 53, 4))
TREE = company(KEYS, FAMILIES, PARENTS)
SCOPES = scopes_of(TREE, PARENTS)


def demand(seed, weeks, *, season=0.0, common=0.05, level=12.0):
    """Poisson counts: weeks in which all sell more, and a season that each family shares."""
    random = np.random.default_rng(seed)
    time = np.arange(weeks)
    phase = random.uniform(0, 52, 3)
    family = np.array([int(FAMILIES[key.product][1]) for key in KEYS])
    swing = season * np.sin(2 * np.pi * (time + phase[family, None]) / 52)
    mean = level * random.lognormal(0, 0.7, (len(KEYS), 1)) * np.exp(swing)
    return random.poisson(mean * random.lognormal(0, common, weeks)).astype(float)


def tried(series, champion=BOTTOM_UP, chosen=None, base=None):
    expected = np.ones((len(KEYS), 26)) if base is None else base
    nodes = Nodes.of(TREE, SCOPES, series)
    return try_levels(nodes, JUDGED, expected, champion, chosen, {})


def covered_by_level(seeds, weeks=196, unseen=40):
    """Shares of unseen weeks in the 80 % interval of each scope, and in the sums of series' ends.

    Sums of ends are those of the series, whose counts are known to vary by their root.
    """
    inside: dict[Scope, list[float]] = {}
    by_ends: dict[Scope, list[float]] = {}
    for seed in seeds:
        y = sums(TREE, demand(seed, weeks))
        levels = tried(y[: TREE.series, :-unseen], chosen=BOTTOM_UP).levels
        for week, ahead, unit in _forecasts(y, weeks - unseen):
            came = y[:, week : week + 26]
            known = came.shape[1]
            series = ahead[: TREE.series]
            expected, half = sums(TREE, series), sums(TREE, 1.28 * np.sqrt(series))
            width = np.broadcast_to(unit[:, None], expected.shape)
            for scope, level in levels.items():
                at = np.array([one == scope for one in SCOPES])
                if scope == SERIES or not known:
                    continue
                edges = around(expected[at], width[at], np.zeros_like(width[at]), level.bands)
                _, low, high, _ = edges[..., :known]
                hits = (came[at] >= low) & (came[at] <= high)
                inside.setdefault(scope, []).append(float(hits.mean()))
                ends = np.abs(came - expected[:, :known]) <= half[:, :known]
                by_ends.setdefault(scope, []).append(float(ends[at].mean()))
    return [{s: float(np.mean(x)) for s, x in one.items()} for one in (inside, by_ends)]


def test_intervals_of_sums_cover_what_they_say_at_every_level_and_sums_of_ends_do_not():
    covered, by_ends = covered_by_level(range(6))
    assert set(covered) == set(SCOPES) - {SERIES}
    assert len(covered) == 8
    for scope, share in covered.items():
        assert 0.75 <= share <= 0.85, f"{scope} covers {share:.3f}"
    assert by_ends[Scope("all", 0)] > 0.95


def test_a_season_that_only_families_show_promotes_reconciling_at_every_level():
    found = tried(demand(2, 150, season=0.5, level=1.5))
    assert (found.method, found.decision.outcome) == (RECONCILED, "promoted")
    for scope, level in found.levels.items():
        assert level.errors[RECONCILED] < 1.02 * level.errors[BOTTOM_UP], scope
    family = found.levels[Scope("family", 0)].errors
    assert family[RECONCILED] < 0.8 * family[BOTTOM_UP]
    assert set(family) == {BOTTOM_UP, RECONCILED, "variance", "top_down"}
    assert found.shifts.shape == (len(KEYS), 26)
    assert (1 + found.shifts >= 0).all()


def test_where_sums_know_nothing_more_series_are_summed():
    found = tried(demand(4, 150, level=60.0))
    assert (found.method, found.decision.outcome) == (BOTTOM_UP, "kept")
    assert found.shifts is None
    assert "chance" in found.decision.reason


def test_a_champion_goes_on_while_it_is_not_beaten_and_a_person_may_choose():
    y = demand(4, 150, level=60.0)
    assert tried(y, champion=RECONCILED).method == RECONCILED
    assert tried(y, champion=RECONCILED, chosen=BOTTOM_UP).method == BOTTOM_UP
    assert tried(y, chosen=RECONCILED).shifts is not None


@pytest.mark.parametrize("weeks", [1, 20, 35])
def test_a_short_history_has_intervals_and_no_test(weeks):
    found = tried(demand(5, weeks), chosen=RECONCILED)
    assert found.decision is None
    assert found.method == BOTTOM_UP
    assert (found.levels[Scope("all", 0)].coverage80 is None) == (weeks < 30)
    assert (found.scales > 0).all()


def test_what_came_later_changes_no_forecast_before_it():
    y = sums(TREE, demand(6, 90))
    corrupted = y.copy()
    corrupted[:, 80:] = 9999
    for (week, ahead, unit), (_, other, same) in zip(
        _forecasts(y, 60), _forecasts(corrupted, 60), strict=True
    ):
        if week <= 80:
            assert np.array_equal(ahead, other)
            assert np.array_equal(unit, same)


def test_a_series_that_begins_late_is_forecast_from_its_first_week_on():
    y = demand(7, 90)
    y[0, :70] = 0
    y[0, 70] = 5
    for week, ahead, unit in _forecasts(sums(TREE, y), 60):
        assert (ahead[0].sum() > 0) == (week > 70)
        assert (unit[0] > 0) == (week > 70)


@given(st.integers(0, 2**32))
def test_a_change_that_sums_already_is_left_as_it_is(seed):
    random = np.random.default_rng(seed)
    nodes = len(TREE.nodes)
    reconciler = by_covariance(TREE, random.normal(0, 3, (nodes, 30)))
    base = random.normal(20, 5, (nodes, 2))
    change = np.zeros((len(KEYS), 2))
    change[random.integers(len(KEYS))] = random.normal(0, 50, 2)
    whole = np.zeros((nodes, 2))
    for place, row in enumerate(change):
        if row.any():
            holds = TREE.sums(np.eye(len(KEYS), dtype=np.int64)[:, [place]])[:, 0]
            whole += holds[:, None] * row
    before, after = reconciler.reconcile(base), reconciler.reconcile(base + whole)
    assert np.allclose(after.series, before.series + change, atol=1e-6)
