from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain import fast_path
from takt.forecast.domain.deal_changes import DealThen, deal_change
from takt.forecast.domain.explanation import Axis, explain, total
from takt.forecast.domain.held_series import HeldLine, HeldModel, HeldOrder, HeldSeries
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import expected_baseline
from takt.forecast.domain.series import move_to_week
from takt.forecast.domain.signal_parts import HeldSignal

WEEK = date(2026, 11, 23)
WEEKS = 26
KEYS = [SeriesKey("P1", "DE"), SeriesKey("P1", "FR"), SeriesKey("P2", "DE")]


def lifted(random):
    """A lift and the signals that make it, some or all of which were not kept."""
    logs = random.uniform(-0.5, 0.5, (int(random.integers(1, 4)), WEEKS))
    names = random.choice(4, len(logs), replace=False)
    held = [HeldSignal(UUID(int=int(n)), row) for n, row in zip(names, logs, strict=True)]
    return np.exp(logs.sum(axis=0)), tuple(held[int(random.integers(0, 2)) :])


def held(random, key, week, *, model=True):
    """A series as some version may hold it: states, orders, lines, all at random."""
    orders = tuple(
        HeldOrder(UUID(int=int(number)), week + timedelta(weeks=int(ahead)), int(units))
        for number, ahead, units in zip(
            random.choice(9, 4, replace=False),
            random.integers(0, WEEKS, 4),
            random.integers(0, 2 * 10**7, 4),
            strict=True,
        )
    )
    ordered = np.zeros(WEEKS, dtype=np.int64)
    for order in orders:
        ordered[(order.week - week).days // 7] += order.quantity
    lines = tuple(
        HeldLine(
            UUID(int=int(number)),
            Decimal(int(random.integers(0, 10**9))).scaleb(-6),
            week - timedelta(weeks=int(random.integers(0, 3))),
            random.integers(0, 10**7, WEEKS),
        )
        for number in random.integers(0, 5, 3)
    )
    pipeline = np.zeros(WEEKS, dtype=np.int64)
    for line in lines:
        pipeline += move_to_week(line.expected, line.first_week, week)
    states = fast_path.fit(random.poisson(15, (1, 60)).astype(np.float64))
    statistical = random.uniform(0, 30, WEEKS)
    known = np.sort(random.uniform(0, 1, WEEKS))[::-1]
    lift, signals = lifted(random) if random.random() < 0.7 else (None, ())
    kept = HeldModel(
        statistical,
        known,
        ordered,
        random.poisson(15, WEEKS).astype(np.float64),
        week - timedelta(weeks=int(random.integers(0, 2))),
        states.rows()[0] if random.random() < 0.8 else None,
        lift,
        signals,
        bool(random.random() < 0.7),
        statistical * random.uniform(0, 1) if random.random() < 0.3 else None,
        random.uniform(-5, 5, WEEKS) if random.random() < 0.3 else None,
    )
    return HeldSeries(
        key,
        Decimal(int(random.integers(0, 10**9))).scaleb(-6),
        week,
        expected_baseline(statistical * kept.lifts, known, ordered) + random.integers(0, 3),
        pipeline,
        kept if model else None,
        orders if model else (),
        lines,
    )


def version(random, week):
    """Some of the series; some stand in the week before, some were kept without their model."""
    return {
        key: held(
            random,
            key,
            week - timedelta(weeks=int(random.integers(0, 2))),
            model=random.random() < 0.8,
        )
        for key in KEYS
        if random.random() < 0.8
    }


@given(st.integers(0, 2**32), st.integers(-3, 30))
def test_the_parts_sum_to_the_difference_in_every_week_and_in_value(seed, passed):
    random = np.random.default_rng(seed)
    before = version(random, WEEK)
    after = version(random, WEEK + timedelta(weeks=passed))
    axis = Axis.over([*before.values(), *after.values()])
    parts = explain(before, after, axis)
    for keys in ([key] for key in parts):
        check(keys, before, after, parts, axis)
    whole = check(list(parts), before, after, parts, axis)
    assert sum(len(p) for p in parts.values()) >= len(whole.parts)
    kinds = [(part.kind, part.subject) for part in whole.parts]
    assert len(kinds) == len(set(kinds))


def check(keys, before, after, parts, axis):
    found = total(keys, before, after, parts, axis)
    held = {key: version for version in (before, after) for key in version}
    assert set(keys) <= set(held)
    told = sum((part.quantities for part in found.parts), np.zeros(axis.weeks, dtype=np.int64))
    assert (told == found.quantities).all()
    assert sum(part.value for part in found.parts) == found.value_after - found.value_before
    published = sum(
        int((v[key].baseline + v[key].pipeline).sum()) for v in (after,) for key in keys if key in v
    )
    assert int(found.after.sum()) == published
    return found


@given(st.integers(0, 2**32))
def test_a_version_does_not_differ_from_itself(seed):
    same = version(np.random.default_rng(seed), WEEK)
    axis = Axis.over(same.values())
    assert not any(explain(same, same, axis).values())


def exchanged(series, **changes):
    """The series with other parts of its model, put together anew."""
    model = replace(series.model, **changes)
    baseline = expected_baseline(model.statistical * model.lifts, model.known, model.ordered)
    return replace(series, model=model, baseline=baseline)


CHANGES = ["statistical", "analogue", "shift", "lift", "known", "ordered", "price", "line"]


@given(st.integers(0, 2**32), st.sampled_from(CHANGES))
def test_what_alone_has_changed_explains_all(seed, what):
    random = np.random.default_rng(seed)
    key = KEYS[0]
    before = held(random, key, WEEK)
    before = exchanged(replace(before, orders=()), ordered=np.zeros(WEEKS, dtype=np.int64))
    match what:
        case "statistical":
            after, kind = exchanged(before, statistical=random.uniform(0, 30, WEEKS)), "model"
        case "analogue":
            more = before.model.own + 40
            view = before.model.own + more + before.model.shifts
            after = exchanged(before, statistical=view, analogue=more)
            kind = "analogue"
        case "shift":
            more = before.model.shifts + 7
            after = exchanged(before, statistical=before.model.statistical + 7, shift=more)
            kind = "reconciliation"
        case "lift":
            lift, signals = lifted(random)
            after, kind = exchanged(before, lift=lift, signals=signals), "signal"
        case "known":
            after, kind = exchanged(before, known=before.model.known / 2), "known_share"
        case "ordered":
            order = HeldOrder(UUID(int=7), WEEK + timedelta(weeks=3), 2_000_000)
            ordered = np.zeros(WEEKS, dtype=np.int64)
            ordered[3] = order.quantity
            after, kind = replace(exchanged(before, ordered=ordered), orders=(order,)), "order"
        case "price":
            after, kind = replace(before, price=before.price + 1), "price"
        case "line":
            line = before.lines[0]
            after = replace(
                before,
                pipeline=before.pipeline + line.expected[0],
                lines=(
                    *before.lines,
                    replace(line, first_week=WEEK, expected=np.full(WEEKS, line.expected[0])),
                ),
            )
            kind = "deal"
    parts = explain({key: before}, {key: after}, Axis.over([before, after]))[key]
    assert {part.kind for part in parts} == {kind}


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_weeks_observed_without_a_fit_are_all_actuals_and_calendar(seed, passed):
    random = np.random.default_rng(seed)
    history = random.poisson(20, 80).astype(np.float64)
    states = fast_path.fit(history[None, : 80 - passed])
    later = states
    for units in history[80 - passed :]:
        later = fast_path.append(later, np.array([units]))
    nothing = np.zeros(WEEKS, dtype=np.int64)
    found = []
    for week, seen in ((WEEK, states), (WEEK + timedelta(weeks=passed), later)):
        statistical = fast_path.forecast(seen, WEEKS)[0]
        known = np.zeros(WEEKS)
        model = HeldModel(statistical, known, nothing, history[-WEEKS:], week, seen.rows()[0])
        baseline = expected_baseline(statistical, known, nothing)
        found.append(HeldSeries(KEYS[0], Decimal(1), week, baseline, nothing, model))
    before, after = found
    parts = explain({KEYS[0]: before}, {KEYS[0]: after}, Axis.over(found))[KEYS[0]]
    sizes = {part.kind: int(np.abs(part.quantities).max()) for part in parts}
    assert sizes["actuals"] > 100
    assert sizes["calendar"] > 100
    assert sizes.get("model", 0) <= 1  # the last of six places, by the order of two additions


def test_an_order_takes_no_more_than_what_is_still_expected_and_the_next_one_nothing():
    nothing = np.zeros(WEEKS, dtype=np.int64)
    model = HeldModel(np.full(WEEKS, 5.0), np.zeros(WEEKS), nothing, np.zeros(WEEKS))
    baseline = np.full(WEEKS, 5_000_000)
    before = HeldSeries(KEYS[0], Decimal(2), WEEK, baseline, nothing, model)
    orders = tuple(HeldOrder(UUID(int=n), WEEK, 4_000_000) for n in (1, 2, 3))
    ordered = nothing.copy()
    ordered[0] = 12_000_000
    after = replace(exchanged(before, ordered=ordered), orders=orders)
    parts = explain({KEYS[0]: before}, {KEYS[0]: after}, Axis.over([before, after]))[KEYS[0]]
    took = [(part.subject.int, int(part.quantities.sum()), part.value) for part in parts]
    assert took == [
        (1, -4_000_000, -8 * 10**12),
        (2, -1_000_000, -2 * 10**12),
    ]


def deal_in(stage, status="open", sequence=1):
    return DealThen(UUID(int=1), "Pumps", stage, status, sequence)


@pytest.mark.parametrize(
    ("before", "after", "asked", "asks", "units", "change"),
    [
        (None, deal_in("offer"), False, True, 5, "opened"),
        (deal_in("offer"), deal_in("negotiation", sequence=2), True, True, 5, "moved"),
        (deal_in("offer"), deal_in("offer", sequence=2), True, True, 5, "changed"),
        (deal_in("offer"), deal_in("offer"), True, True, -1, "aged"),
        (deal_in("offer"), deal_in("won", "won", 2), True, True, 5, "won"),
        (deal_in("won", "won"), deal_in("won", "won"), True, True, 0, "aged"),
        (deal_in("won", "won"), deal_in("won", "won"), True, True, -3, "shipped"),
        (deal_in("offer"), deal_in("won", "won", 2), True, False, -3, "shipped"),
        (deal_in("offer"), deal_in("lost", "lost", 2), True, False, -3, "lost"),
        (deal_in("lost", "lost"), deal_in("offer", sequence=3), False, True, 3, "reopened"),
        (deal_in("won", "won"), deal_in("offer", sequence=3), True, True, -1, "reopened"),
        (deal_in("offer"), deal_in("offer", sequence=2), True, False, -3, "removed"),
        (None, None, True, True, 1, "changed"),
        (None, None, True, False, -1, "removed"),
    ],
)
def test_what_happened_to_a_deal(before, after, asked, asks, units, change):
    assert deal_change(before, after, asked=asked, asks=asks, units=units) == change
