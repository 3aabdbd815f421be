import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain import learners, network
from takt.forecast.domain.panel import Panel, batches, lift, targets, windows


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_a_lifted_series_is_positive(values):
    y = np.array(values)
    assert (y + lift(y) > 0).all()


def test_a_positive_series_is_not_lifted():
    assert lift(np.array([5.0, 6.0, 9.0])) == 0


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_batches_hold_every_series_once_and_drop_eight_per_cent_at_most(lengths):
    histories = [np.arange(float(n)) for n in lengths]
    seen = []
    for rows, y in batches(histories):
        seen += rows.tolist()
        for row, values in zip(rows, y, strict=True):
            assert values[-1] == histories[row][-1]
            assert lengths[row] <= y.shape[1] * 1.08
    assert sorted(seen) == list(range(len(lengths)))


def test_windows_end_where_targets_begin():
    panel = Panel.of([np.exp(np.arange(1.0, 21.0)), np.exp(np.arange(1.0, 11.0))], 1)
    rows, origins = panel.origins(5, 1000, np.random.default_rng(0), np.array([True, True]))
    assert len(rows) == 15 + 5
    cut = windows(panel, rows, origins, 4, adjusted=False, unit="percent")
    after, known = targets(panel, rows, origins, cut, 3, adjusted=False)
    assert np.allclose(after[known], np.broadcast_to([10.0, 20.0, 30.0], after.shape)[known])
    assert known[:, 0].all()


def test_the_season_ahead_goes_on_from_the_end_of_each_series():
    random = np.random.default_rng(1)
    wave = 10 + 5 * np.sin(2 * np.pi * np.arange(60) / 12) + random.normal(0, 0.1, 60)
    panel = Panel.of([wave, wave[:51]], 12)
    rows, origins = panel.ends()
    terms = panel.season_ahead(rows, origins, np.arange(1, 4))
    assert np.allclose(terms[0], panel.seasonal[0, :3])
    assert np.allclose(terms[1], panel.seasonal[1, 3:6])


def test_a_network_learns_an_absolute_value():
    random = np.random.default_rng(2)
    x = random.normal(size=(4000, 3)).astype(np.float32)
    y = np.abs(x[:, :1])
    ones = np.ones_like(y)
    model = network.train(x, y, ones, seed=1, width=32, epochs=20, rate=5e-3)
    assert np.abs(model.predict(x) - y).mean() < 0.05


def test_an_unseen_forecast_comes_from_the_other_half():
    series = [np.exp(np.random.default_rng(k).normal(0, 0.1, 30).cumsum()) for k in range(40)]
    panel = Panel.of(series, 4)
    half = learners.halves(40, seed=0)
    fitted = learners.forest(panel, half, 4)
    unseen = learners.unseen(fitted, panel, half, 4)
    other = [m.forecast(panel, 4) for m in fitted if m.half == 0]
    assert np.allclose(unseen[half], np.mean(other, axis=0)[half])
    assert learners.all_series(fitted, panel, 4).shape == (40, 4)
