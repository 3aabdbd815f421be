from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from takt.common.db import Database
from takt.deals.api import pipelines
from takt.deals.schemas.pipelines import CardsOut

from .test_deals import DEAL, move, open_deal

BOARD = "/v1/pipelines/default/cards"


async def cards(api: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(BOARD, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


async def predict(database: Database, deal: str, probability: str) -> None:
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            "INSERT INTO win_probabilities VALUES ($1, $2::text::numeric, true, 0, now(), 1)",
            (deal, probability),
        )


async def test_a_card_says_the_same_as_its_deal(api: httpx.AsyncClient, database: Database) -> None:
    await api.put("/v1/products/valve", json={"name": "Valve", "list_price": "10"})
    account = {"external_id": "acme", "name": 'Acme "& Sons"'}
    made = await api.post("/v1/accounts", json=account, headers={"Idempotency-Key": "a"})
    lines = [
        {"product": "valve", "quantity": "0.333333", "price": "0.333333"},
        {"product": "pump", "quantity": "1000", "price": "100.5"},
        {"product": "valve", "quantity": "1", "price": "9"},
    ]
    full = await open_deal(
        api,
        account_id=made.json()["id"],
        expected_close="2026-12-24",
        manual_probability="0.75",
        lines=lines,
    )
    await open_deal(api, lines=[])
    await predict(database, full["id"], "0.6")

    answer = await api.get(BOARD)
    board = CardsOut.model_validate_json(answer.content)
    deals = (await api.get("/v1/deals")).json()["items"]

    assert (board.pipeline, board.currency, len(board.cards)) == ("default", "EUR", 2)
    for deal, card in zip(deals, answer.json()["cards"], strict=True):
        for name in ("id", "name", "owner", "team", "region", "stage", "status", "account_id"):
            assert card[name] == deal[name]
        for name in ("expected_close", "manual_probability", "stalled", "sequence"):
            assert card[name] == deal[name]
        assert card["probability"] == deal["model_probability"]
        assert (card["probability_sequence"] is None) == (card["probability"] is None)
        assert card["products"] == sorted({line["product"] for line in deal["lines"]})
    first, second = board.cards
    assert (first.account, str(first.value), str(first.probability)) == (
        'Acme "& Sons"',
        "100509.111111",
        "0.6",
    )
    assert (str(second.value), second.account, second.closed_at) == ("0", None, None)
    assert f"{first.opened_at:%Y-%m-%dT%H:%M:%S}" == deals[0]["opened_at"][:19]


async def test_closed_deals_are_on_the_board_from_a_day_of_the_company_on(
    api: httpx.AsyncClient, database: Database
) -> None:
    deal = await open_deal(api)
    await move(api, deal["id"], "lost")
    async with database.transaction() as tx:
        # Half past eleven in the evening in UTC is the next day in Berlin.
        await tx.exec_driver_sql(
            "UPDATE deals SET opened_at = $1::timestamptz, stage_entered_at = $1, closed_at = $1",
            (datetime(2026, 11, 22, 23, 30, tzinfo=UTC),),
        )
    assert await cards(api) == []
    assert await cards(api, closed_since="2026-11-24") == []
    [card] = await cards(api, closed_since="2026-11-23")
    assert (card["status"], card["closed_at"]) == ("lost", "2026-11-22T23:30:00Z")
    assert len(await cards(api, closed_since="0001-01-01")) == 1


async def test_cards_and_deals_are_filtered_alike_and_a_team_holds_the_teams_in_it(
    api: httpx.AsyncClient,
) -> None:
    for path, body in (
        ("regions/city", {"name": "City", "parent": "north"}),
        ("teams/valves", {"name": "Valves", "parent": "pumps"}),
        ("owners/bob", {"name": "Bob", "team": "valves"}),
        ("products/valve", {"name": "Valve", "list_price": "10"}),
    ):
        assert (await api.put(f"/v1/{path}", json=body)).status_code == 200
    valve = {"product": "valve", "quantity": "1", "price": "9"}
    ann = await open_deal(api)
    bob = await open_deal(api, owner="bob", region="city", lines=[valve, *DEAL["lines"]])
    both = [ann["id"], bob["id"]]
    expected: list[tuple[dict[str, str], list[str]]] = [
        ({}, both),
        ({"team": "pumps"}, both),
        ({"team": "valves"}, [bob["id"]]),
        ({"region": "north"}, both),
        ({"region": "city"}, [bob["id"]]),
        ({"owner": "ann"}, [ann["id"]]),
        ({"product": "pump"}, both),
        ({"product": "valve"}, [bob["id"]]),
        ({"product": "valve", "owner": "ann"}, []),
        ({"team": "moon"}, []),
    ]
    for filters, ids in expected:
        assert [card["id"] for card in await cards(api, **filters)] == ids, filters
        page = (await api.get("/v1/deals", params=filters)).json()["items"]
        assert [deal["id"] for deal in page] == ids, filters


async def test_a_board_too_large_for_one_answer_says_how_to_make_it_smaller(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "MOST_CARDS", 1)
    await open_deal(api)
    assert len(await cards(api)) == 1
    await open_deal(api, owner="ann")
    refused = await api.get(BOARD)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:takt:problem:too-many-cards")
    assert "filter by owner" in refused.json()["remedy"]
    assert (await api.get("/v1/pipelines/moon/cards")).status_code == 404
