"""Ledger against effects: nothing lost, nothing doubled, order kept, poison set aside.

A finding is a sentence that says what is wrong; a sound Takt has none.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from takt.common.contracts.topics import CASH, DEAD_LETTERS_SUFFIX, DEALS
from tests.integration.system import System

from .effects import unequal_effects
from .evidence import Evidence, connect, due, due_in_quarantine, gather, unfinished
from .ledger import Ledger
from .topics import Lying, Topics

STAGE_CHANGED = "takt.deal.stage_changed.v1"


@dataclass
class Findings:
    """What is wrong, under its heading; `repeated` deliveries are allowed, and counted."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    quarantine: list[str] = field(default_factory=list)
    repeated: int = 0

    def __bool__(self) -> bool:
        return bool(
            self.lost or self.doubled or self.out_of_order or self.unequal or self.quarantine
        )


async def quiet(system: System, topics: Topics, within: float) -> None:
    """Wait until nothing is unsent and every consumer has handled all that lies before it.

    Raises: AssertionError: not `within` so many seconds; it says what is on its way.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    await topics.read_on()
    while waits := await stirring(system, topics):
        if loop.time() > deadline:
            raise AssertionError(f"not quiet within {within:g} s: {waits}")
        await asyncio.sleep(0.2)


async def stirring(system: System, topics: Topics) -> str:
    """What is on its way, or was said since the last reading; nothing when all is quiet."""
    waits = await unfinished(system, topics.lying)
    new = await topics.read_on()
    return f"{waits}; {new} messages are new" if waits or new else ""


async def check(system: System, ledger: Ledger, topics: Topics) -> Findings:
    """Compare everything; the system must be quiet."""
    findings = Findings()
    await _check_deals(system, ledger, topics.lying, findings)
    parts = await gather(system)
    sound = [m for m in topics.lying if m.headers.get("ce_source", "").startswith("/takt/")]
    sound = [m for m in sound if not m.topic.endswith(DEAD_LETTERS_SUFFIX)]
    _check_topics(parts, sound, findings)
    _check_order(sound, findings)
    for evidence in parts.values():
        _check_consumers(evidence, topics.lying, findings)
    _check_letters(parts, topics.lying, findings)
    findings.unequal += await unequal_effects(system)
    return findings


async def _check_deals(
    system: System, ledger: Ledger, lying: Sequence[Lying], findings: Findings
) -> None:
    """Each acknowledged change is in deals and among its events, once, in the order asked for."""
    connection = await connect(system, "deals")
    rows = await connection.fetch(
        "SELECT d.id, d.sequence, d.stage, array_agg(e.stage ORDER BY e.number) AS stages"
        " FROM deals d JOIN stage_entries e ON e.deal_id = d.id GROUP BY d.id"
    )
    await connection.close()
    kept = {str(row["id"]): row for row in rows}
    told = _stage_changes(lying)
    for deal in ledger.deals:
        row, asked = kept[deal.deal], [stage for _, stage in deal.acknowledged]
        surplus = row["sequence"] - deal.sequence
        if surplus:
            heading = findings.lost if surplus < 0 else findings.doubled
            heading.append(f"deal {deal.deal} is at {row['sequence']}, not at {deal.sequence}")
        if row["stage"] != deal.stage or row["stages"][len(row["stages"]) - len(asked) :] != asked:
            findings.unequal.append(f"deal {deal.deal} went through {row['stages']}, not {asked}")
        if told[deal.deal] != deal.acknowledged:
            heading = findings.lost
            if len(told[deal.deal]) > len(deal.acknowledged):
                heading = findings.doubled
            heading.append(f"deal {deal.deal}: told {told[deal.deal]}, not {deal.acknowledged}")


def _stage_changes(lying: Iterable[Lying]) -> dict[str, list[tuple[int, str]]]:
    """By deal the (sequence, stage) of each event on the topic, in the order of first delivery."""
    seen: set[str] = set()
    changes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for message in lying:
        ours = message.topic == DEALS and message.type == STAGE_CHANGED and not message.poison
        if ours and message.id not in seen:
            seen.add(message.id)
            body = message.body
            changes[message.headers["ce_subject"]].append((body["sequence"], body["to_stage"]))
    return changes


def _check_topics(
    parts: Mapping[str, Evidence], sound: Sequence[Lying], findings: Findings
) -> None:
    """What an outbox holds lies on its topic, and nothing else does."""
    lying = Counter((m.id, m.topic) for m in sound)
    findings.repeated = lying.total() - len(lying)
    said = {pair for evidence in parts.values() for pair in evidence.said.items()}
    findings.lost += [f"{topic} has no event {event}" for event, topic in said - lying.keys()]
    findings.doubled += [
        f"{topic} has {event}, of which no outbox knows" for event, topic in lying.keys() - said
    ]


def _check_order(sound: Sequence[Lying], findings: Findings) -> None:
    """First deliveries keep the order per subject: the sequence rises, without gaps in deals."""
    seen: set[str] = set()
    sequences: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for message in sound:
        if message.id not in seen:
            seen.add(message.id)
            # A projection and a shortfall of the one ledger are counted apart.
            apart = (message.type,) if message.topic == CASH else ()
            subject = message.headers["ce_subject"]
            sequence = int(message.headers["ce_sequence"])
            sequences[message.topic, subject, *apart].append(sequence)
    for counted, numbers in sequences.items():
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            findings.out_of_order.append(f"{counted} came as {numbers}")
        if counted[0] == DEALS and sorted(numbers) != list(range(1, len(numbers) + 1)):
            findings.lost.append(f"{counted} came as {numbers}, with gaps")


def _check_consumers(evidence: Evidence, lying: Sequence[Lying], findings: Findings) -> None:
    """Each inbox holds each sound event once (its key sees to that), and poison only as letters."""
    for consumer in evidence.part.consumers:
        letters = evidence.quarantined[consumer.group]
        handled = evidence.handled[consumer.group] - set(letters.values())
        expected = due(consumer, lying)
        if left := expected - handled:
            findings.lost.append(f"{consumer.group} never handled {sorted(left)}")
        if strange := handled - expected:
            findings.doubled.append(f"{consumer.group} handled {sorted(strange)}, lying nowhere")
        poisoned = due_in_quarantine(consumer, lying)
        if poisoned != letters.keys():
            wrong = sorted(poisoned ^ letters.keys())
            findings.quarantine.append(f"{consumer.group} set aside wrongly, or not: {wrong}")


def _check_letters(
    parts: Mapping[str, Evidence], lying: Sequence[Lying], findings: Findings
) -> None:
    """Each dead letter lies on its dead-letter topic, for anyone to see."""
    kept = {
        (consumer, "/".join(map(str, place)))
        for evidence in parts.values()
        for consumer, letters in evidence.quarantined.items()
        for place in letters
    }
    told = {
        (m.headers["takt-consumer"], m.headers["takt-from"])
        for m in lying
        if m.topic.endswith(DEAD_LETTERS_SUFFIX)
    }
    if kept != told or len(kept) != sum(e.letters_said for e in parts.values()):
        findings.quarantine.append(f"dead letters told otherwise than kept: {sorted(kept ^ told)}")
