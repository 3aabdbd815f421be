"""`takt forecast explain`, with a door that answers as it would."""

import json
from typing import Any

import httpx
import pytest

from takt.standalone.commands.forecast_explain import because_of, explain, language
from takt.standalone.commands.output import CommandError, Format

DEAL = {"deal_id": "d-1", "name": "Pumps", "change": "moved", "stage_after": "negotiation"}
PARTS = [
    {"kind": "deal", "deal": DEAL, "quantity": "99", "percent": "8.02", "value": "3960"},
    {"kind": "known_share", "quantity": "-0.5", "percent": "-0.04", "value": "-20"},
]
SUM = {"product": "P1", "region": None, "sentence": "12 % more", "parts": PARTS}
SIGNAL = {
    "signal_id": "s-1",
    "kind": "market_index",
    "source": "shop",
    "external_id": "17",
    "change": "came",
}
ORDER = {"source": "erp", "order_line": "7", "change": "arrived"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the door was asked; it knows versions 1 and 2."""
    requests: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.params["against"] == "9":
            problem = {"detail": "There is no such version.", "field": "against", "value": 9}
            return httpx.Response(404, json=problem | {"remedy": "look at them"})
        return httpx.Response(200, json={"sums": [SUM]})

    class Client(httpx.Client):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings, transport=httpx.MockTransport(reply))

    monkeypatch.setattr(httpx, "Client", Client)
    monkeypatch.setenv("TAKT_KEY", "k")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    return requests


def test_the_sentence_comes_first_and_then_every_part(
    asked: list[httpx.Request], capsys: pytest.CaptureFixture[str]
) -> None:
    explain(1, 2, product="P1", url="http://takt")
    (request,) = asked
    assert request.url.path == "/v1/forecast-versions/2/explanation"
    assert dict(request.url.params) == {
        "product": "P1",
        "level": "all",
        "against": "1",
        "by_region": "false",
    }
    assert request.headers["accept-language"] == "zh-CN"
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "P1: 12 % more"
    assert "+99.00" in said[2]
    assert said[2].endswith("deal Pumps moved to negotiation (d-1)")
    assert said[3].endswith("known share")


def test_json_is_what_the_route_says(
    asked: list[httpx.Request], capsys: pytest.CaptureFixture[str]
) -> None:
    explain(1, 2, url="http://takt", output=Format.json)
    assert json.loads(capsys.readouterr().out) == {"sums": [SUM]}


def test_a_version_that_is_not_there_is_named(asked: list[httpx.Request]) -> None:
    with pytest.raises(CommandError, match=r"against: There is no such version\. \(got 9\)"):
        explain(9, 2, url="http://takt")


def test_an_order_is_named_by_its_source_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert because_of({"kind": "order", "order": ORDER}) == "order erp 7 arrived"
    told = because_of({"kind": "signal", "signal": SIGNAL})
    assert told == "market index shop 17 came (s-1)"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert language() == "en"
