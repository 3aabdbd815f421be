"""Faults: kill -9 of every process, a zombie, poison, in the middle of a stream of changes.

Ledger against effects: nothing lost, nothing doubled, order kept. That the defences are what keeps
it so is shown in libs/common/tests/test_defences.py, where inbox, relay lock and offset after the
commit are switched off one at a time and the story goes red.
"""

import os
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .faults.checker import Findings
from .faults.stage import Stage, fault_stage
from .system import COMMANDS

SEED = 20261124
LONG_CHANGES = 2_000
LONG_TIMES = 3
"""How often each fault happens in the long form."""

# Its broker is its own. Where its PostgreSQL is too, it need not wait for the other whole systems.
GROUP = "kafka" if os.environ.get("TAKT_TEST_DATABASE") else "faults"
pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group(GROUP)]


@pytest.mark.timeout(400)
async def test_nothing_is_lost_doubled_or_reordered_when_each_process_dies_once(
    postgres_url: str, tmp_path: Path
) -> None:
    async with fault_stage(postgres_url, tmp_path, kafka=True, deals=24, seed=SEED) as stage:
        await stage.poison(40, SEED)
        async with stage.zombie(asleep=20):
            for name in ("deals", "console", "procurement", "finance", "alerting"):
                await stage.kill(name, changes=30, left=15)
        await stage.kill("forecast", changes=30, left=15)
        await stage.end_copy()
        await stage.kill_broker(changes=80, left=40)
        findings, _ = await stage.healed()
        assert stage.driver.ledger.acknowledged == 300
        assert not findings, findings


@dataclass(frozen=True, slots=True)
class Round:
    """A fault and what came of it; `failures` are requests that its clients had to repeat."""

    fault: str
    failures: int
    findings: Findings
    seconds: float


@pytest.mark.slow
@pytest.mark.timeout(5_400)
@pytest.mark.parametrize("log", ["kafka", "postgres"])
async def test_nothing_is_lost_doubled_or_reordered_in_the_long_form(
    log: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    faults = [*COMMANDS, "poison", "zombie", *(["broker"] if log == "kafka" else [])] * LONG_TIMES
    chance.shuffle(faults)
    changes = LONG_CHANGES // len(faults)
    rounds = []
    async with fault_stage(
        postgres_url, tmp_path, kafka=log == "kafka", deals=64, seed=SEED
    ) as stage:
        stage.driver.grant(LONG_CHANGES - changes * len(faults))
        for fault in faults:
            rounds.append(await suffer(stage, fault, changes, chance))
            if rounds[-1].findings:
                break
    with capsys.disabled():
        sys.stdout.write("\n".join(["", log, *table(rounds), ""]))
    assert not rounds[-1].findings, rounds[-1].findings
    assert stage.driver.ledger.acknowledged == LONG_CHANGES


async def suffer(stage: Stage, fault: str, changes: int, chance: random.Random) -> Round:
    """One fault at a random place among so many changes, and its healing."""
    before = stage.driver.ledger.failures.total()
    left = chance.randrange(changes // 4, changes * 3 // 4)
    match fault:
        case "poison":
            since = await stage.poison(changes, chance.randrange(2**30))
        case "zombie":
            async with stage.zombie(asleep=40):
                stage.driver.grant(changes)
                await stage.driver.finished()
            since = await stage.end_copy()
        case "broker":
            since = await stage.kill_broker(changes, left, away=chance.uniform(1, 20))
        case service:
            since = await stage.kill(service, changes, left)
    findings, quiet_at = await stage.healed()
    failures = stage.driver.ledger.failures.total() - before
    return Round(fault, failures, findings, quiet_at - since)


def table(rounds: Iterable[Round]) -> list[str]:
    """A line for each fault; what the log delivered again is counted from the beginning."""
    lines = [
        f"{'fault':<12}{'asked again':>12}{'lost':>6}{'doubled':>9}{'out of order':>14}"
        f"{'unequal':>9}{'delivered again':>17}{'s until healed':>16}"
    ]
    for one in rounds:
        found = one.findings
        lines.append(
            f"{one.fault:<12}{one.failures:>12}{len(found.lost):>6}{len(found.doubled):>9}"
            f"{len(found.out_of_order):>14}{len(found.unequal) + len(found.quarantine):>9}"
            f"{found.repeated:>17}{one.seconds:>16.1f}"
        )
    return lines
