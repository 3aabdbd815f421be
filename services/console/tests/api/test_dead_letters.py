"""Dead letters of all services as one list."""

from typing import Any

from takt.common.bus import Message
from takt.common.bus.postgres import PostgresLog
from takt.common.testing import eventually

from ..conftest import House  # noqa: TID252 - the house of this folder


async def letters_of(house: House, log: PostgresLog, count: int) -> list[dict[str, Any]]:
    """So many messages that are no events, once they are quarantined."""
    await log.publish(
        [
            Message("takt.sales.v1", f"key-{n}", {"ce_type": "takt.sale.closed.v1"}, b"no json")
            for n in range(count)
        ]
    )

    async def quarantined() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = (await house.client.get("/v1/dead-letters")).json()["items"]
        return items if len(items) == count else None

    items: list[dict[str, Any]] = await eventually(quarantined)
    return items


async def test_a_letter_is_listed_shown_and_replayed_under_the_doors_id(
    house: House, log: PostgresLog
) -> None:
    (letter,) = await letters_of(house, log, 1)
    assert letter["id"].startswith("forecast-")
    assert (letter["service"], letter["consumer"]) == ("forecast", "forecast.sales")
    shown = (await house.client.get(f"/v1/dead-letters/{letter['id']}")).json()
    assert shown["id"] == letter["id"]
    assert shown["value"] == "no json"
    assert shown["headers"]["ce_type"] == "takt.sale.closed.v1"
    replayed = await house.client.post(f"/v1/dead-letters/{letter['id']}/replay")
    assert replayed.status_code == 409
    assert replayed.headers["content-type"] == "application/problem+json"
    assert replayed.json()["type"] == "urn:takt:problem:replay-failed"


async def test_pages_follow_each_other_and_leave_nothing_out(
    together: House, log: PostgresLog
) -> None:
    letters = await letters_of(together, log, 7)
    found: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await together.client.get("/v1/dead-letters", params=parameters)).json()
        found += [letter["id"] for letter in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [letter["id"] for letter in letters]


async def test_an_unknown_letter_is_a_problem(together: House) -> None:
    for letter in ("forecast-999", "forecast-x", "nobody-1", "x", "forecast-1234567890123456789"):
        answer = await together.client.get(f"/v1/dead-letters/{letter}")
        assert answer.status_code == 404, letter
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_service_that_does_not_answer_is_named(composed: House, log: PostgresLog) -> None:
    await letters_of(composed, log, 1)
    await composed.stop("forecast")
    page = (await composed.client.get("/v1/dead-letters")).json()
    assert (page["items"], page["missing"]) == ([], ["forecast"])
    answer = await composed.client.get("/v1/dead-letters/forecast-1")
    assert (answer.status_code, answer.json()["service"]) == (503, "forecast")
    bad = await composed.client.get("/v1/dead-letters?cursor=nonsense")
    assert bad.status_code == 400
