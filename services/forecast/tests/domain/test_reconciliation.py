import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.reconciliation import (
    by_covariance,
    by_variance,
    hierarchy,
    shown,
    shrinkage,
)
from takt.forecast.domain.trees import (
    Circle,
    HierarchyError,
    Tree,
    TwiceTheSame,
    TwoParents,
    UnknownCode,
    UnknownParent,
)

WEEKS = 4
seeds = st.integers(0, 2**32)


def company(random):
    """Trees of any shape on three axes, and series at leaves and at inner nodes."""
    axes = []
    for name, size in (("p", 6), ("r", 4), ("c", 2)):
        codes = [f"{name}{number}" for number in range(size)]
        pairs = [
            (code, None if random.random() < 0.3 else codes[random.integers(0, number)])
            for number, code in enumerate(codes)
            if number
        ]
        axes.append(Tree.of([(codes[0], None), *pairs]))
    series = sorted(
        {
            tuple(str(random.choice(list(axis.parents))) for axis in axes)
            for _ in range(random.integers(1, 12))
        }
    )
    return hierarchy(series, axes), series, axes


def membership(tree, series, axes):
    """Which series lie in which node, by their ways up alone, shape (nodes, series)."""
    paths = [axis.paths({codes[a] for codes in series}) for a, axis in enumerate(axes)]
    return np.array(
        [
            [all(node[a] in paths[a][code] for a, code in enumerate(codes)) for codes in series]
            for node in tree.nodes
        ],
        dtype=np.int64,
    )


@given(seeds)
def test_every_node_is_the_exact_sum_of_its_series_and_none_is_negative(seed):
    random = np.random.default_rng(seed)
    tree, series, axes = company(random)
    inside = membership(tree, series, axes)
    base = random.normal(2, 5, (len(tree.nodes), WEEKS))
    for reconciler in reconcilers(tree, random):
        whole = reconciler.reconcile(base).millionths(tree)
        assert (whole >= 0).all()
        assert (inside @ whole[: tree.series] == whole).all()
        rounded = shown(whole, tree)
        assert (inside @ rounded[: tree.series] == rounded).all()
        assert (rounded % 1_000_000 == 0).all()
        assert (abs(rounded[: tree.series] - whole[: tree.series]) < 1_000_000).all()
        total = whole[: tree.series].sum(axis=0)
        assert (abs(rounded[: tree.series].sum(axis=0) - total) <= 500_000).all()


def reconcilers(tree, random):
    variance = random.lognormal(0, 1, len(tree.nodes))
    residuals = random.normal(0, 1, (len(tree.nodes), 12)) * np.sqrt(variance)[:, None]
    return by_variance(tree, variance), by_covariance(tree, residuals)


@given(seeds)
def test_forecasts_that_agree_already_stay_as_they_are(seed):
    random = np.random.default_rng(seed)
    tree, _, _ = company(random)
    base = tree.sums(random.integers(0, 10**9, (tree.series, WEEKS)))
    for reconciler in reconcilers(tree, random):
        whole = reconciler.reconcile(base / 1_000_000).millionths(tree)
        assert (whole == base).all()


@given(seeds)
def test_it_is_generalised_least_squares(seed):
    random = np.random.default_rng(seed)
    tree, series, axes = company(random)
    base = random.normal(10, 5, (len(tree.nodes), WEEKS))
    sums = membership(tree, series, axes).astype(np.float64)
    for reconciler in reconcilers(tree, random):
        weights = np.diag(reconciler.variance) + reconciler.shared @ reconciler.shared.T
        weighted = np.linalg.solve(weights, sums)
        expected = np.linalg.solve(sums.T @ weighted, weighted.T @ base)
        found = reconciler.reconcile(base).series
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-6)


@given(seeds, st.integers(1, 5))
def test_changes_one_after_another_equal_reconciling_anew_to_the_last_place(seed, changes):
    random = np.random.default_rng(seed)
    tree, _, _ = company(random)
    for reconciler in reconcilers(tree, random):
        state = reconciler.reconcile(random.lognormal(1, 1, (len(tree.nodes), WEEKS)))
        for _ in range(changes):
            node = int(random.integers(0, len(tree.nodes)))
            state = reconciler.change(state, node, random.lognormal(1, 1, WEEKS))
        anew = reconciler.reconcile(state.base)
        difference = state.millionths(tree) - anew.millionths(tree)
        assert abs(difference[: tree.series]).max() <= 1
        assert abs(difference).max() <= tree.series


def test_independent_errors_are_shrunk_to_none_and_common_ones_are_kept():
    random = np.random.default_rng(3)
    alone = random.normal(size=(60, 40))
    common = random.normal(size=(1, 40)) + 0.3 * random.normal(size=(60, 40))
    assert shrinkage(alone) > 0.9
    assert shrinkage(common) < 0.1
    assert shrinkage(np.zeros((3, 5))) == 1.0


def test_a_sure_total_and_an_unsure_series_meet_nearer_the_total():
    tree = hierarchy([("a",), ("b",)], [Tree.of([("all", None), ("a", "all"), ("b", "all")])])
    assert tree.nodes == (("a",), ("b",), ("all",))
    found = by_variance(tree, np.array([4.0, 1.0, 0.0])).reconcile(np.array([[5.0], [5.0], [20.0]]))
    assert found.series.ravel() == pytest.approx([13.0, 7.0], abs=1e-4)


@pytest.mark.parametrize(
    ("pairs", "error", "said"),
    [
        ([("P1", "F1"), ("F1", None), ("F2", None), ("P1", "F2")], TwoParents, "P1 lies in F1"),
        ([("A", "B"), ("B", "C"), ("C", "B")], Circle, "B in C in B"),
        ([("A", "A")], Circle, "A in A"),
        ([("P1", "F9")], UnknownParent, "P1 lies in F9, which is not there"),
    ],
)
def test_what_is_no_tree_is_refused_by_name(pairs, error, said):
    with pytest.raises(error, match=said):
        Tree.of(pairs)


def test_a_series_nowhere_or_twice_is_refused_by_name():
    axes = [Tree.of([("P1", None)]), Tree.of([("DE", None)])]
    with pytest.raises(UnknownCode, match="FR is not in the hierarchy"):
        hierarchy([("P1", "FR")], axes)
    with pytest.raises(TwiceTheSame, match="P1 x DE comes twice"):
        hierarchy([("P1", "DE"), ("P1", "DE")], axes)
    assert issubclass(TwiceTheSame, HierarchyError)
