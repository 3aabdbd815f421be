"""Waiting for the forecast after an import, with a door that answers as it would."""

import httpx
import pytest

from takt.standalone.commands import crm_outlook
from takt.standalone.commands.crm_outlook import Entry, outlook, report_outlook

ENTRY = Entry("crm", "engaging")


class Forecast:
    """A forecast that has measured a number of closed deals, and measures more when asked."""

    def __init__(self, measured: int, asked: int | None, lag: int | None = 0) -> None:
        self.measured, self.asked, self.lag = measured, asked, lag
        self.times_asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v1/status":
                names = ("deals", "forecast")
                services = [{"name": n, "lag": self.lag, "outbox_unsent": 0} for n in names]
                return httpx.Response(200, json={"services": services})
            case "/v1/win-probabilities":
                counts = {"won": self.measured, "lost": 0, "open": 1_500}
                row = {"probability": "0.51924653", "counts": counts, "oldest_closed_days": 138}
                return httpx.Response(200, json={"items": [row]})
            case "/v1/win-probabilities/calibrations":
                self.times_asked += 1
                if self.asked is None:
                    return httpx.Response(403, json={"detail": "the key lacks forecast:write"})
                self.measured = self.asked
                return httpx.Response(202, json={"job": "recalibrate"})
            case _:
                second = "cursor" in request.url.params
                items = [{"stalled": True}] * 2 + [{"stalled": None}, {"stalled": False}]
                return httpx.Response(200, json={"items": items, "next": None if second else "2"})


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crm_outlook, "POLL_SECONDS", 0)
    monkeypatch.setattr(crm_outlook, "PATIENCE_SECONDS", 0.2)


def look(forecast: Forecast, closed: int) -> dict[str, object] | None:
    transport = httpx.MockTransport(forecast)
    with httpx.Client(base_url="http://takt", transport=transport) as client:
        return outlook(client, ENTRY, closed)


def test_what_is_measured_is_shown_and_nothing_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    forecast = Forecast(1_000, asked=None)
    found = look(forecast, 1_000)
    assert found is not None
    report_outlook(found)
    said = capsys.readouterr().out
    assert ".519 of the deals in engaging win" in said
    assert "4 of 8 open deals are stalled" in said
    assert forecast.times_asked == 0


def test_a_few_more_closed_deals_than_were_measured_are_measured_for_the_asking() -> None:
    forecast = Forecast(1_000, asked=1_001)
    found = look(forecast, 1_001)
    assert found is not None
    assert found["counts"] == {"won": 1_001, "lost": 0, "open": 1_500}
    assert forecast.times_asked == 1


def test_a_key_that_may_not_ask_is_told_and_the_import_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert look(Forecast(1_000, asked=None), 1_001) is None
    assert "the key lacks forecast:write" in capsys.readouterr().err


def test_a_forecast_whose_lag_is_not_known_has_not_caught_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert look(Forecast(1_000, asked=None, lag=None), 1_000) is None
    assert "has not measured these deals" in capsys.readouterr().err
