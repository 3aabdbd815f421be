"""What the forecast makes of imported deals: how many of them win, and which stand still."""

import time
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takt.standalone.commands.door import answer
from takt.standalone.commands.output import CommandError, put, say

if TYPE_CHECKING:
    import httpx

POLL_SECONDS = 0.5
QUIET_POLLS = 4
"""Between two chunks of its work a service looks idle for an instant."""
ASKED_POLLS = 24
"""So long it may take until the forecast measures by itself: it waits for the end of a load."""
PATIENCE_SECONDS = 60
"""How long nothing may change before we go without."""
PAGE = 1_000


@dataclass(frozen=True)
class Entry:
    """Where deals begin to be won or lost: the stage that a mapping's `closed_from` names."""

    pipeline: str
    stage: str


def entry_of(client: "httpx.Client", mapping: str | None) -> Entry:
    """The entry that a mapping names, which has been accepted; the default one's without."""
    if mapping is None:
        mapping = client.get("/v1/imports/mappings/crm").text
    read = tomllib.loads(mapping)
    return Entry(read["pipeline"]["code"], read["source"]["closed_from"])


def outlook(client: "httpx.Client", entry: Entry, closed: int) -> dict[str, Any] | None:
    """The win rate and the stalled deals as the forecast publishes them; None, and why, without.

    Args:
        client: of the door.
        entry: in which stage a deal is looked at, on the day that it comes there.
        closed: so many won and lost deals must at least be behind the rate.
    """
    try:
        rate = win_rate(client, entry) if caught_up(client, entry, closed) else None
        if rate is None:
            say("The forecast has not measured these deals; GET /v1/win-probabilities shows when.")
            return None
        return {
            "pipeline": entry.pipeline,
            "stage": entry.stage,
            "win_probability": rate["probability"],
            "counts": rate["counts"],
            "oldest_closed_days": rate["oldest_closed_days"],
            **open_deals(client, entry.pipeline),
        }
    except CommandError as refused:  # the deals are in: a key that may not read more is no failure
        say(f"What the forecast makes of them cannot be shown: {refused.problem}")
        return None


def caught_up(client: "httpx.Client", entry: Entry, closed: int) -> bool:
    """Wait until the forecast has measured the closed deals and said every open one by that.

    It measures by itself when there are many more of them than before, else at night; then it is
    asked to.
    """
    idle, before, changed = 0, None, time.monotonic()
    while True:
        ways = waiting(client)
        counts = (win_rate(client, entry) or {}).get("counts", {})
        measured = counts.get("won", -1) + counts.get("lost", 0)
        if (ways, measured) != before:
            before, changed = (ways, measured), time.monotonic()
        elif time.monotonic() - changed > PATIENCE_SECONDS:
            return False
        idle = idle + 1 if all(count == 0 for count in ways.values()) else 0
        if idle >= QUIET_POLLS and measured >= closed:
            return True
        if idle == ASKED_POLLS:
            answer(client.post("/v1/win-probabilities/calibrations"))
        time.sleep(POLL_SECONDS)


def waiting(client: "httpx.Client") -> dict[str, int | None]:
    """Events on their way to and from deals and forecast; None where that is not known."""
    services = answer(client.get("/v1/status"))["services"]
    return {
        service["name"]: None
        if service["lag"] is None
        else service["lag"] + service["outbox_unsent"]
        for service in services
        if service["name"] in ("deals", "forecast")
    }


def win_rate(client: "httpx.Client", entry: Entry) -> dict[str, Any] | None:
    """What the forecast's table says of a deal on its first day in the stage."""
    query = {"pipeline": entry.pipeline, "stage": entry.stage, "limit": "1"}
    items: list[dict[str, Any]] = answer(client.get("/v1/win-probabilities", params=query))["items"]
    return items[0] if items else None


def open_deals(client: "httpx.Client", pipeline: str) -> dict[str, int]:
    """How many deals are open, and how many of them stand longer than any ever did that closed."""
    query: dict[str, Any] = {"pipeline": pipeline, "status": "open", "limit": PAGE}
    counted, stalled = 0, 0
    while True:
        page = answer(client.get("/v1/deals", params=query))
        counted += len(page["items"])
        stalled += sum(deal["stalled"] is True for deal in page["items"])
        if page["next"] is None:
            return {"open": counted, "stalled": stalled}
        query["cursor"] = page["next"]


def report_outlook(found: dict[str, Any]) -> None:
    """The two figures by which a person recognises a pipeline."""
    rate = f"{float(found['win_probability']):.3f}".removeprefix("0")
    cases = found["counts"]
    put(
        f"  {rate} of the deals in {found['stage']} win, those still open counted in: "
        f"{cases['won']:,} won, {cases['lost']:,} lost, {cases['open']:,} open"
    )
    put(
        f"  {found['stalled']:,} of {found['open']:,} open deals are stalled: longer in their "
        f"stage than any that closed ({found['oldest_closed_days']:,} days in {found['stage']})"
    )
