"""The desk at which wishes are answered: all that wait together are decided in one transaction.

The plan's row is held until the commit is on disk. One wish after another would wait for as many
commits as stand before it; so whoever comes meanwhile is answered with the next one, in the order
of coming.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from takt.common.db import Database, is_transient, sqlstate
from takt.common.problems import Problem
from takt.supply_planning.service.promises import Asked, reserve
from takt.supply_planning.store.promises import OrderLine, Reservation

AT_ONCE = 200
"""Wishes that are decided in one transaction at most."""

OVERTAKEN = {"23505", "40P01"}
"""Another process has promised the same line or request, or held plans in another order."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    asked: Asked
    now: datetime
    answer: "asyncio.Future[Reservation]"


@dataclass
class PromiseDesk:
    """Answers the wishes of one process."""

    database: Database
    _waiting: list[_Waiting] = field(default_factory=list)
    _work: "asyncio.Task[None] | None" = None

    async def ask(self, asked: Asked, now: datetime) -> Reservation:
        """A promise, once it is committed. Raises a Problem when there is none."""
        waiting = _Waiting(asked, now, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer_all())
        return await waiting.answer

    async def _answer_all(self) -> None:
        while self._waiting:
            together = self._next()
            for one, answer in zip(together, await self._answers(together), strict=True):
                if one.answer.done():  # whoever asked has gone
                    continue
                if isinstance(answer, Reservation):
                    one.answer.set_result(answer)
                else:
                    one.answer.set_exception(answer)

    async def _answers(
        self, together: list[_Waiting], *, again: bool = False
    ) -> Sequence[Reservation | BaseException]:
        """Of each an answer; where all fail together, each is asked alone and fails for itself.

        `again`: it was asked before, and another process came first, whose promises are seen now.
        """
        [answers] = await asyncio.gather(self._decide(together), return_exceptions=True)
        if not isinstance(answers, BaseException):
            return answers
        if not again and sqlstate(answers) in OVERTAKEN:
            return await self._answers(together, again=True)
        if len(together) == 1 or is_transient(answers):
            return [answers] * len(together)
        return [answer for one in together for answer in await self._answers([one])]

    async def _decide(self, together: list[_Waiting]) -> list[Reservation | Problem]:
        async with self.database.transaction() as tx:
            return await reserve(
                tx, [one.asked for one in together], max(one.now for one in together)
            )

    def _next(self) -> list[_Waiting]:
        """The first that wait, each line and each request once: the second sees the first."""
        together: list[_Waiting] = []
        rest: list[_Waiting] = []
        lines: set[OrderLine] = set()
        requests: set[bytes] = set()
        for one in self._waiting:
            line, request = one.asked.wish.line, one.asked.request
            if len(together) == AT_ONCE or line in lines or request in requests:
                rest.append(one)
                continue
            together.append(one)
            lines.add(line)
            requests.add(request)
        self._waiting = rest
        return together
