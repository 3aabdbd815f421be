"""Following a run and showing forecasts, with a door that answers as it would."""

import json

import httpx
import pytest

from takt.standalone.commands import forecast as command
from takt.standalone.commands.forecast import begin, decided, follow, pages, row_of
from takt.standalone.commands.output import CommandError

RUN = "019ad000-0000-7000-8000-000000000000"


def at(state: str, done: int, left: int | None, failure: str | None = None) -> dict[str, object]:
    return {
        "id": RUN,
        "state": state,
        "rows": 1_000,
        "rows_done": done,
        "seconds_left": left,
        "failure": failure,
    }


class Takt:
    """A Takt whose run is further on each time it is asked."""

    def __init__(self, states: list[dict[str, object]], joined: bool = False) -> None:
        self.states, self.joined = iter(states), joined

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path:
            case "POST", "/v1/forecasts/refits":
                accepted = {"job": "refit_all", "run": RUN, "joined": self.joined}
                return httpx.Response(202, json=accepted)
            case "GET", path if path == f"/v1/forecasts/refits/{RUN}":
                return httpx.Response(200, json=next(self.states))
            case "GET", "/v1/forecasts":
                second = "cursor" in request.url.params
                product = request.url.params.get("product")
                items = [{"product": product, "region": "FR" if second else "DE"}]
                return httpx.Response(200, json={"items": items, "next": None if second else "2"})
            case "GET", "/v1/forecast-models":
                decisions = [{"decision": 2, "run": None}, {"decision": 1, "run": RUN}]
                return httpx.Response(200, json={"decisions": decisions})
        return httpx.Response(404, json={"detail": "no such route"})


def client(takt: Takt) -> httpx.Client:
    return httpx.Client(base_url="http://takt", transport=httpx.MockTransport(takt))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "POLL_SECONDS", 0)


def test_a_run_is_followed_on_stderr_a_line_for_every_five_percent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    states = [
        at("waiting", 0, None),
        at("forecasting", 0, None),
        *(at("forecasting", done, 100 - done // 10) for done in range(20, 1_000, 20)),
        at("publishing", 1_000, 0),
        at("done", 1_000, 0),
    ]
    with client(Takt(states)) as http:
        ended = follow(http, begin(http))
    assert ended["state"] == "done"
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0] == "  waiting: 0 of 1,000 forecasts"
    assert "  forecasting: 100 of 1,000 forecasts, 90 s left" in lines
    assert lines[-1] == "  done: 1,000 of 1,000 forecasts"
    assert len(lines) == 23


def test_a_run_that_is_under_way_is_joined_and_one_that_failed_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = at("failed", 20, None, "ValueError: no forecast")
    with (
        client(Takt([failed], joined=True)) as http,
        pytest.raises(CommandError, match="ValueError: no forecast"),
    ):
        follow(http, begin(http))
    assert f"Run {RUN} is under way already" in capsys.readouterr().err


@pytest.mark.parametrize(("outcome", "number"), [("kept", 1), ("unchanged", 2)])
def test_a_run_that_changed_nothing_shows_the_decision_that_stands(
    outcome: str, number: int
) -> None:
    with client(Takt([])) as http:
        decision = decided(http, {"id": RUN, "outcome": outcome})
    assert decision is not None
    assert decision["decision"] == number


def test_every_page_of_a_product_is_read() -> None:
    with client(Takt([])) as http:
        items = pages(http, "/v1/forecasts", {"product": "P1"})
    assert [(one["product"], one["region"]) for one in items] == [("P1", "DE"), ("P1", "FR")]


def test_a_forecast_is_shown_by_its_next_weeks_its_model_and_how_good_it_was() -> None:
    bucket = {"quantity": "312.5", "low80": "280", "high80": "350.25"}
    model = {"model": "combination", "wape": 0.2134, "naive_wape": 0.3, "coverage80": None}
    series = {
        "product": "P1",
        "region": "DE",
        "unit": "each",
        "buckets": [bucket] * 26,
        "model": model,
    }
    row = row_of(series)
    assert json.loads(json.dumps(row)) == {
        "product": "P1",
        "region": "DE",
        "unit": "each",
        "next_week": "312.5",
        "next_4_weeks": "1,250.0",
        "low_80": "280.0",
        "high_80": "350.2",
        "model": "combination",
        "wape": "0.213",
        "naive_wape": "0.300",
        "coverage_80": None,
    }
    assert row_of({**series, "model": None})["model"] is None
