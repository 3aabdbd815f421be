"""What is written straight from integers is what the contract would write."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from takt.common.amounts import plain
from takt.common.contracts.forecast import ForecastChanged, PipelineDemandChanged
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.pipeline import lines_outlook, outlook
from takt.forecast.domain.series import Series, join_series
from takt.forecast.domain.win_curves import Counts, estimate
from takt.forecast.wire import WrittenDemand, WrittenForecast, units

from .conftest import deal

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@given(st.integers(0, 10**18))
def test_whole_millionths_are_written_as_decimals_are(millionths):
    assert units(np.array([millionths])) == [plain(Decimal(millionths).scaleb(-6))]


def test_a_written_forecast_is_one_of_the_contract():
    random = np.random.default_rng(1)
    series = Series(
        SeriesKey('quote"d', "nørth"),
        7,
        Decimal("45.50"),
        "each",
        date(2026, 11, 23),
        random.uniform(0, 90, 26),
        np.full(26, 0.3),
        5.0,
        random.integers(0, 9_000_000, 26),
        random.integers(0, 90_000_000, 26),
        random.uniform(0, 9, 26),
        np.where(np.arange(26) % 5, 0, 1_500_000),
    )
    joined = join_series([series], Bands.normal(26))
    written = WrittenForecast.of(series, joined, 0, NOW)
    read = ForecastChanged.model_validate_json(written.model_dump_json())
    assert (read.sequence, read.subject) == (written.sequence, written.subject)
    first = read.orders[0]
    assert (first.week, first.won) == (date(2026, 11, 23), Decimal("1.5"))
    assert first.consumed == min(first.direct, first.consumed + read.buckets[0].baseline)
    assert read.model_dump_json() == written.model_dump_json().replace("+00:00", "Z").replace(
        "\\u00f8", "ø"
    )


def test_written_demand_is_one_of_the_contract():
    state = deal(quantity="12.5")
    view = outlook(state, estimate([]), NOW)
    written = WrittenDemand.of(
        state,
        sequence=3,
        deal_sequence=9,
        probability=Decimal("0.25"),
        stalled=False,
        counts=Counts(5, 2, 1, 2, 4),
        lines=lines_outlook(state, view, {}, 7, NOW),
        expected_value=Decimal("125.000000"),
        now=NOW,
    )
    read = PipelineDemandChanged.model_validate_json(written.model_dump_json())
    assert read.subject == written.subject == str(state.deal_id)
    assert read.model_dump_json() == written.model_dump_json().replace("+00:00", "Z")
    other = WrittenDemand.of(
        state,
        sequence=1,
        deal_sequence=1,
        probability=Decimal(0),
        stalled=True,
        counts=Counts(0, 0, 0, 0, 0),
        lines=[],
        expected_value=Decimal(0),
        now=NOW,
    )
    assert PipelineDemandChanged.model_validate_json(other.model_dump_json()).counts is None
