"""What a fault leaves behind: every outbox, inbox and dead letter, gathered from the databases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import asyncpg

from takt.alerting.app import PART as ALERTING
from takt.common.app import Part
from takt.common.bus.consumer import Consumer
from takt.common.contracts.topics import DEAD_LETTERS_SUFFIX
from takt.deals.app import PART as DEALS
from takt.forecast.app import PART as FORECAST
from takt.supply_planning.finance import FINANCE
from takt.supply_planning.procurement import PROCUREMENT
from tests.integration.system import System

from .poison import UNKNOWN
from .topics import Lying

PARTS: Mapping[str, tuple[str, Part]] = {
    "deals": ("takt_deals", DEALS),
    "forecast": ("takt_forecast", FORECAST),
    "procurement": ("takt_supply_planning", PROCUREMENT),
    "finance": ("takt_supply_planning", FINANCE),
    "alerting": ("takt_alerting", ALERTING),
}
"""Every part with its database."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part: what it said, what is still unsent, what each of its consumers handled."""

    part: Part
    said: dict[str, str]
    """Event id to topic; without the copies for the dead-letter topics."""
    letters_said: int
    unsent: int
    handled: dict[str, set[str]]
    """Consumer to event ids, quarantined ones too."""
    quarantined: dict[str, dict[tuple[str, int, int], str]]
    """Consumer to the places of its dead letters, each with its event id."""


async def connect(system: System, name: str) -> asyncpg.Connection:
    """A connection to the tables of a part."""
    database, part = PARTS[name]
    return await asyncpg.connect(system.url(database), server_settings={"search_path": part.schema})


async def gather(system: System) -> dict[str, Evidence]:
    """The evidence of every part."""
    return {name: await _gather(system, name) for name in PARTS}


async def _gather(system: System, name: str) -> Evidence:
    part = PARTS[name][1]
    connection = await connect(system, name)
    try:
        unsent = await connection.fetchval("SELECT count(*) FROM outbox_unsent")
        said = {
            str(row["event_id"]): row["topic"]
            for row in await connection.fetch("SELECT event_id, topic FROM outbox")
        }
        handled: dict[str, set[str]] = {c.group: set() for c in part.consumers}
        for row in await connection.fetch("SELECT consumer, event_id FROM inbox"):
            handled.setdefault(row["consumer"], set()).add(str(row["event_id"]))
        letters: dict[str, dict[tuple[str, int, int], str]] = {c.group: {} for c in part.consumers}
        for row in await connection.fetch(
            "SELECT consumer, topic, partition, position, event_id FROM dead_letters"
        ):
            place = row["topic"], row["partition"], row["position"]
            letters[row["consumer"]][place] = str(row["event_id"])
    finally:
        await connection.close()
    events = {e: topic for e, topic in said.items() if not topic.endswith(DEAD_LETTERS_SUFFIX)}
    return Evidence(part, events, len(said) - len(events), unsent, handled, letters)


def due(consumer: Consumer, lying: Iterable[Lying]) -> set[str]:
    """Ids of the sound events that a consumer must have handled."""
    types = {event.event_type for event in consumer.handlers}
    topics = set(consumer.topics)
    return {m.id for m in lying if not m.poison and m.topic in topics and m.type in types}


def due_in_quarantine(consumer: Consumer, lying: Iterable[Lying]) -> set[tuple[str, int, int]]:
    """Places of the poison that a consumer must have set aside."""
    topics = set(consumer.topics)
    return {m.place for m in lying if m.poison and m.poison != UNKNOWN and m.topic in topics}


async def unfinished(system: System, lying: Iterable[Lying]) -> str:
    """What is still on its way, in words; nothing when all is quiet."""
    lying = list(lying)
    waits = []
    for name, evidence in (await gather(system)).items():
        if evidence.unsent:
            waits.append(f"{name} has {evidence.unsent} events unsent")
        for consumer in evidence.part.consumers:
            left = due(consumer, lying) - evidence.handled[consumer.group]
            letters = due_in_quarantine(consumer, lying)
            letters -= evidence.quarantined[consumer.group].keys()
            if left or letters:
                waits.append(f"{consumer.group} has {len(left) + len(letters)} to handle")
    return "; ".join(waits)
