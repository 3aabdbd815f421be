"""Eight clients that move deals through the door, as good clients do, whatever happens to Takt.

A change is asked for with If-Match. Where no answer of success comes, the client reads the deal and
its sequence to learn whether it happened, and asks again if not. How many changes may be made is
granted in portions, so that a fault always falls into the middle of a stream.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx

from tests.integration.system import System

from .ledger import DealLedger, Ledger

CLIENTS = 8
REQUEST_SECONDS = 15
PATIENCE_SECONDS = 90
"""So long a client keeps asking for one change before it gives up."""
AGAIN = {
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
"""Answers after which a good client looks and asks again; any other is a fault of Takt's."""


class Driver:
    """The clients and their ledger."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self._seed = seed
        self._granted = self._granted_before = 0
        self._grants = asyncio.Semaphore(0)
        self._acknowledged = asyncio.Condition()
        self._clients: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def running(self, system: System) -> AsyncIterator["Driver"]:
        """With its clients, who wait for grants."""
        headers = {"Authorization": f"Bearer {system.key}"}
        async with httpx.AsyncClient(
            base_url=system.door, headers=headers, timeout=REQUEST_SECONDS
        ) as client:
            for number in range(CLIENTS):
                own = self.ledger.deals[number::CLIENTS]
                chance = random.Random(self._seed * CLIENTS + number)
                self._clients.append(asyncio.create_task(self._stream(client, own, chance)))
            try:
                yield self
            finally:
                for task in self._clients:
                    task.cancel()
                await asyncio.wait(self._clients)

    def grant(self, changes: int) -> None:
        """Let the clients make so many more changes."""
        self._granted_before = self._granted
        self._granted += changes
        for _ in range(changes):
            self._grants.release()

    async def first(self, changes: int) -> None:
        """Wait until so many of what was granted last are acknowledged."""
        await self._reached(self._granted_before + changes)

    async def finished(self) -> None:
        """Wait until all that was granted is acknowledged."""
        await self._reached(self._granted)

    async def _reached(self, changes: int) -> None:
        """Wait until so many changes are acknowledged; raises what a client failed with."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._acknowledged:
                while self.ledger.acknowledged < changes:
                    for task in self._clients:
                        if task.done():
                            task.result()
                    await self._acknowledged.wait()
        except TimeoutError:
            done, failures = self.ledger.acknowledged, self.ledger.failures
            message = f"{done} of {changes} changes in {PATIENCE_SECONDS} s; {failures}"
            raise AssertionError(message) from None

    async def _stream(
        self, client: httpx.AsyncClient, own: list[DealLedger], chance: random.Random
    ) -> None:
        try:
            while True:
                await self._grants.acquire()
                deal = chance.choice(own)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._move(client, deal)
                deal.acknowledge()
                async with self._acknowledged:
                    self._acknowledged.notify_all()
        except Exception:
            async with self._acknowledged:
                self._acknowledged.notify_all()
            raise

    async def _move(self, client: httpx.AsyncClient, deal: DealLedger) -> None:
        """Ask until it has happened, once."""
        while True:
            answer = await self._ask(
                client, "POST", f"/v1/deals/{deal.deal}/stage", deal, {"stage": deal.next_stage}
            )
            if answer is not None:
                assert answer["sequence"] == deal.sequence + 1, (answer, deal)
                return
            if await self._happened(client, deal):
                self.ledger.done_without_answer += 1
                return

    async def _happened(self, client: httpx.AsyncClient, deal: DealLedger) -> bool:
        """Read the deal until it can be read: at the next sequence, or still at the last one?"""
        pause = 0.05
        while True:
            seen = await self._ask(client, "GET", f"/v1/deals/{deal.deal}")
            if seen is not None:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.5)
        if (seen["sequence"], seen["stage"]) == (deal.sequence, deal.stage):
            return False
        now = (seen["sequence"], seen["stage"])
        assert now == (deal.sequence + 1, deal.next_stage), (now, deal)
        return True

    async def _ask(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        deal: DealLedger | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """The answer; None when there was none, or one after which to look and ask again."""
        headers = {} if deal is None else {"If-Match": f'"{deal.sequence}"'}
        self.ledger.requests += 1
        try:
            answer = await client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            self.ledger.failures[type(error).__name__] += 1
            return None
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        assert answer.status_code in AGAIN, (method, path, answer.status_code, answer.text)
        self.ledger.failures[str(answer.status_code)] += 1
        return None
