import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from takt.forecast.domain import demand_classes, intermittent
from takt.forecast.domain.demand_classes import classify

NAN = np.nan


def test_the_two_cuts_make_four_classes():
    y = np.array(
        [
            [5.0, 6, 5, 4, 5, 6, 5, 4],
            [1.0, 20, 1, 1, 30, 1, 1, 1],
            [0.0, 5, 0, 0, 5, 0, 0, 5],
            [0.0, 1, 0, 0, 40, 0, 0, 1],
        ]
    )
    assert classify(y) == ["smooth", "erratic", "intermittent", "lumpy"]


def test_a_series_at_the_cut_is_not_yet_intermittent():
    y = np.array([[1.0] * 25 + [0.0] * 8])
    assert demand_classes.intervals(y)[0] == 1.32
    assert classify(y) == ["smooth"]


def test_a_series_without_demand_is_intermittent():
    assert classify(np.zeros((1, 5))) == ["intermittent"]
    assert np.isinf(demand_classes.intervals(np.zeros((1, 5)))[0])


def test_periods_that_are_not_known_do_not_count_as_periods_without_demand():
    assert classify(np.array([[NAN, NAN, NAN, 3.0, 3.0, 3.0]])) == ["smooth"]


def test_rare_demand_is_given_what_the_module_of_rare_demand_makes():
    for name in ("intermittent", "lumpy"):
        methods = demand_classes.METHODS[name]
        assert set(methods) == set(intermittent.NAMES)
        assert methods[-1] == intermittent.PUBLISHED


@given(
    hnp.arrays(np.float64, (2, 9), elements=st.integers(0, 50).map(float)), st.floats(0.001, 1000)
)
def test_a_class_does_not_depend_on_the_unit_of_measure(y, factor):
    near = np.abs(demand_classes.variations(y) - demand_classes.VARIATION_CUT) < 1e-9
    if not near.any():
        assert classify(y) == classify(y * factor)
