"""Worker processes for what takes seconds of arithmetic: one thread each, one core left to others.

A process has one event loop, in which stage changes are answered; fitting models there, in a thread
or not, would hold them up. Threads inside a worker are worse than none: with a busy neighbour,
boosting with two took thirty times as long as with one.
"""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
TRIES = 3
"""Of a call whose worker dies under it."""
NICENESS = 10


def worker_count() -> int:
    """One less than the cores that this process may use, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max((cores or 1) - 1, 1)


class Workers:
    """An `async with` of worker processes, that ends them whatever they are doing.

    Args: count: of processes; as many as the processor has to give, where none is named.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or worker_count()
        self._executor: ProcessPoolExecutor | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._executor is not None:
            await asyncio.to_thread(_end, self._executor)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function of a module in a worker; in another one when its worker dies.

        Raises:
            BrokenProcessPool: three workers have died under it, such as for want of memory.
        """
        assert not kwargs, "what goes to a worker goes by place"
        for attempt in range(1, TRIES + 1):
            executor = await self._running()
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(executor, function, *args)
            except BrokenProcessPool:
                if self._executor is executor:
                    self._executor = None
                    await asyncio.to_thread(_end, executor)
                if attempt == TRIES:
                    raise
        raise AssertionError("a call is answered or raises")

    async def _running(self) -> ProcessPoolExecutor:
        async with self._starting:
            if self._executor is None:
                self._executor = await asyncio.to_thread(_start, self.count)
            return self._executor


def _start(count: int) -> ProcessPoolExecutor:
    """Begin the workers: in a thread, because a process of this size takes a while to copy."""
    os.environ.update(ONE_THREAD)  # read by the libraries that a worker loads as it begins
    executor = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
    )
    for _ in range(count):
        executor.submit(os.getpid)
    return executor


def _end(executor: ProcessPoolExecutor) -> None:
    """Have no worker left: nobody waits any more for what one may be doing."""
    # Before Python 3.14 an executor cannot end a call that is under way.
    for process in list((executor._processes or {}).values()):
        process.kill()
    executor.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Leave the processor to others first, and end when the service ends, however it does."""
    os.nice(NICENESS)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow the service", daemon=True).start()
