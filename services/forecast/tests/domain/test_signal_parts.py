from math import log
from uuid import UUID

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from takt.forecast.domain.signal_parts import (
    HeldSignal,
    SignalThen,
    logs_of,
    signal_change,
    told_apart,
)

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
UNIT = 1_000_000


def parts(gross, ordered, before, after):
    """Parts of one week: logarithms by signal before and after, units without any signal."""

    def baseline(logs):
        lift = np.exp(sum(sorted(logs.values()), 0.0))
        return np.maximum(np.rint(np.array([gross * UNIT * lift])).astype(np.int64) - ordered, 0)

    ordered = np.array([ordered * UNIT], dtype=np.int64)
    told = told_apart(
        baseline(after) - baseline(before),
        np.array([gross * UNIT]),
        ordered,
        {name: np.array([value]) for name, value in before.items()},
        {name: np.array([value]) for name, value in after.items()},
    )
    found = {name: int(units[0]) for name, units in told}
    assert sum(found.values()) == int((baseline(after) - baseline(before))[0])
    return found


def test_two_signals_share_their_joint_effect_by_their_logarithms():
    """100 units by 1.5 and by 1.2 are 180: of the 80 more, ln 1.5 / ln 1.8 are 55.185343."""
    found = parts(100, 0, {}, {ONE: log(1.5), TWO: log(1.2)})
    assert found[ONE] == round(80 * log(1.5) / log(1.8) * UNIT) == 55_185_343
    assert found[TWO] == 24_814_657


def test_signals_that_cancel_keep_both_their_parts():
    """One of 1.25 came where one of 1.25 went: nothing changes, by +22.3 and -22.3 a hundred."""
    found = parts(100, 0, {ONE: log(1.25)}, {TWO: log(1.25)})
    assert found == {ONE: -found[TWO], TWO: round(125 * log(1.25) * UNIT)}


def test_what_orders_have_taken_already_no_signal_takes_again():
    """100 units, 90 ordered; halved by two alike: 10 were expected, none are; 5 by each."""
    found = parts(100, 90, {}, {ONE: log(0.5) / 2, TWO: log(0.5) / 2})
    assert found == {ONE: -5 * UNIT, TWO: -5 * UNIT}
    assert parts(100, 200, {}, {ONE: log(0.5), TWO: log(1.5)}) == {ONE: 0, TWO: 0}


def test_what_no_kept_signal_accounts_for_is_a_part_of_its_own():
    lift = np.array([1.5, 1.5])
    assert logs_of([HeldSignal(ONE, np.log(lift))], lift).keys() == {ONE}
    told = logs_of([HeldSignal(ONE, np.log([1.5, 1.2]))], lift)
    assert told.keys() == {ONE, None}
    assert told[None] == pytest.approx([0, log(1.25)])
    assert logs_of([], np.ones(2)) == {}


logs = st.dictionaries(st.sampled_from([ONE, TWO, THREE, None]), st.floats(-2.3, 2.3), max_size=4)


@given(st.floats(0, 10**6), st.integers(0, 10**6), logs, logs)
@example(
    442376.89762062806,
    0,
    {},
    {ONE: 1.9422299342499123, TWO: 1.9422299342499123, THREE: 1.3239072263234317, None: -1.5},
)
def test_parts_sum_and_do_not_depend_on_the_order_or_the_direction(gross, ordered, before, after):
    found = parts(gross, ordered, before, after)
    turned = parts(gross, ordered, dict(reversed(before.items())), dict(reversed(after.items())))
    assert turned == found
    back = parts(gross, ordered, after, before)
    # The millionths that rounding leaves are the largest part's, either way.
    slack = 2 + 1e-6 * gross * UNIT
    assert all(abs(back[name] + units) <= slack for name, units in found.items())
    unmoved = [name for name in found if before.get(name, 0.0) == after.get(name, 0.0)]
    if len(unmoved) < len(found):
        assert all(found[name] == 0 for name in unmoved)


def test_what_happened_to_a_signal():
    then = SignalThen(ONE, 1, "promotion", "shop", "17")
    again = SignalThen(ONE, 2, "promotion", "shop", "17")
    assert signal_change(None, then) == "came"
    assert signal_change(then, None) == "gone"
    assert signal_change(then, again) == "changed"
    assert signal_change(then, then) == "learned"
