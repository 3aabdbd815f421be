"""Where faults happen: a whole Takt with its own broker, a stream of changes, and what hurts it."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from takt.common.event import wall_now
from takt.common.testing import eventually
from takt.standalone.kafka import Kafka
from takt.standalone.ports import free_ports
from tests.integration.story_company import load_company
from tests.integration.system import System, running_system

from .checker import Findings, check, quiet, stirring
from .driver import Driver
from .evidence import PARTS, connect
from .ledger import STAGES, DealLedger, Ledger
from .poison import poison, write
from .topics import Topics

COPY = "forecast@2"
HEAL_SECONDS = 90


@dataclass
class Stage:
    """Takt, its broker (None: the log in PostgreSQL), the stream, and all that lies on topics."""

    system: System
    broker: Kafka | None
    driver: Driver
    topics: Topics

    async def kill(self, name: str, changes: int, left: int) -> float:
        """Kill a service when so many of the changes are left, and start it again.

        Returns: when it was killed, on the monotonic clock.
        """
        self.driver.grant(changes)
        await self.driver.first(changes - left)
        killed = time.monotonic()
        await self.system.kill(name)
        self.system.start(name)
        await self.system.ready(name)
        await self.driver.finished()
        return killed

    async def kill_broker(self, changes: int, left: int, *, away: float = 0) -> float:
        """Kill the broker when so many of the changes are left; it stays away until all are made.

        The API goes on as if nothing had been.

        Returns: when the broker was there again.
        """
        assert self.broker is not None
        failures = Counter(self.driver.ledger.failures)
        self.driver.grant(changes)
        await self.driver.first(changes - left)
        killed = time.monotonic()
        await asyncio.to_thread(self.broker.kill)
        await self.driver.finished()
        assert self.driver.ledger.failures == failures, "an API failed while Kafka was away"
        await asyncio.sleep(max(0.0, away - (time.monotonic() - killed)))
        await self.broker.start_async()
        return time.monotonic()

    @asynccontextmanager
    async def zombie(self, asleep: float) -> AsyncIterator[None]:
        """Stop forecast past its session, meanwhile a second one takes over, then let it wake.

        In the log in PostgreSQL a stopped member keeps its place: the second only waits there.
        It is stopped between two transactions: one stopped inside would hold its locks, and the
        second would wait for it by right.
        """
        await self._stop_between_transactions("forecast")
        stopped = time.monotonic()
        before = await self._handled()
        self.system.start(COPY)
        await self.system.ready(COPY)
        yield

        async def taken_over() -> bool:
            return await self._handled() > before

        if self.broker is not None:
            await eventually(taken_over, within=HEAL_SECONDS)
        await asyncio.sleep(max(0.0, asleep - (time.monotonic() - stopped)))
        self.system.signal("forecast", signal.SIGCONT)

    async def end_copy(self) -> float:
        """End the second forecast as an operator would.

        Returns: when it began to end.
        """
        ending = time.monotonic()
        await self.system.stop(COPY)
        del self.system.processes[COPY]
        return ending

    async def poison(self, changes: int, seed: int) -> float:
        """Write poison in the middle of so many changes, under the keys of the deals that move.

        Returns: when it was written.
        """
        self.driver.grant(changes)
        deals = [deal.deal for deal in self.driver.ledger.deals]
        await write(poison(deals, seed), self.system.url("takt_log"), self.system.kafka)
        written = time.monotonic()
        await self.driver.finished()
        return written

    async def healed(self) -> tuple[Findings, float]:
        """Wait until all is quiet, and compare ledger and effects.

        Returns: what is wrong, and when all was quiet.
        """
        while True:
            await quiet(self.system, self.topics, HEAL_SECONDS)
            quiet_at = time.monotonic()
            findings = await check(self.system, self.driver.ledger, self.topics)
            # A job of its own that spoke meanwhile makes the comparison void.
            if not await stirring(self.system, self.topics):
                return findings, quiet_at

    async def _handled(self) -> int:
        connection = await connect(self.system, "forecast")
        try:
            return int(await connection.fetchval("SELECT count(*) FROM inbox"))
        finally:
            await connection.close()

    async def _stop_between_transactions(self, name: str) -> None:
        connection = await connect(self.system, name)

        async def stopped() -> bool:
            self.system.signal(name, signal.SIGSTOP)
            working = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state <> 'idle'"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
                PARTS[name][0],
            )
            if working:
                self.system.signal(name, signal.SIGCONT)
            return not working

        try:
            await eventually(stopped)
        finally:
            await connection.close()


@asynccontextmanager
async def fault_stage(
    postgres_url: str, folder: Path, *, kafka: bool, deals: int, seed: int
) -> AsyncIterator[Stage]:
    """A company with so many open deals, on a Takt whose every process may be killed."""
    broker = Kafka(folder / "kafka", port=free_ports()[0]) if kafka else None
    if broker is not None:
        await broker.start_async()
    try:
        bootstrap = broker.bootstrap if broker is not None else None
        async with running_system(postgres_url, folder, kafka=bootstrap) as system:
            async with system.client() as client:
                today = wall_now().date()
                sunday = today - timedelta(days=today.isoweekday())
                ids = await load_company(client, sunday, open_deals=deals)
                begun = [(await client.get(f"/v1/deals/{deal}")).json() for deal in ids]
            ledger = Ledger([DealLedger(b["id"], b["stage"], b["sequence"]) for b in begun])
            assert {deal.stage for deal in ledger.deals} <= set(STAGES)
            topics = Topics(system.url("takt_log"), bootstrap)
            async with Driver(ledger, seed).running(system) as driver:
                yield Stage(system, broker, driver, topics)
    finally:
        if broker is not None:
            await broker.stop_async()
