"""`takt simulate`: act upon Takt like a CRM, an ERP and a till."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption, unreachable
from takt.standalone.commands.output import (
    CommandError,
    Format,
    Output,
    bold,
    dim,
    put,
    put_json,
    say,
)

if TYPE_CHECKING:
    from takt.standalone.actors import Act, Step

AT_ONCE = 16


def simulate(
    rate: Annotated[float, typer.Option(min=0.01, max=10_000, help="Acts a second.")] = 2.0,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0.1, metavar="S", help="How long. [until Ctrl-C]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same dice.")] = None,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Move deals, sell, order and ship through REST; see it with `takt tail`."""
    import asyncio

    door = Door.find(home, url)
    told = Told(output)
    say(f"Acting upon {door.url} {rate:g} times a second; Ctrl-C ends it.")
    try:
        asyncio.run(act(door, rate, seconds, seed, told))
    finally:
        told.end()


class Told:
    """What was done so far, told one by one and in sum."""

    def __init__(self, output: Format) -> None:
        self.output = output
        self.milliseconds: list[float] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def __call__(self, act: "Act") -> None:
        """Tell one act."""
        from dataclasses import asdict

        self.milliseconds.append(act.milliseconds)
        if act.refused is None:
            self.done[act.actor] += 1
        else:
            self.refused[f"{act.actor} {act.what.split()[0]}: {act.refused}"] += 1
        if self.output is Format.json:
            put_json({"time": datetime.now(UTC), **asdict(act)})
            return
        at = dim(f"{datetime.now():%H:%M:%S}")  # noqa: DTZ005 (the reader's own clock)
        answer = f"{act.milliseconds:6.1f} ms" if act.refused is None else f"refused: {act.refused}"
        put(
            f"{at} {act.actor:4} {bold(act.what)} {act.subject}  {answer}"
            f"  {dim(f'takt trace {act.correlation}')}"
        )

    def end(self) -> None:
        """Tell the sum."""
        if not self.milliseconds:
            return
        ordered = sorted(self.milliseconds)
        done = ", ".join(f"{actor} {number:,}" for actor, number in self.done.most_common())
        say(
            f"{len(ordered):,} acts ({done}), answered in"
            f" {ordered[len(ordered) // 2]:.1f} ms (median),"
            f" {ordered[int(len(ordered) * 0.99)]:.1f} ms (99 %)"
        )
        for reason, times in self.refused.most_common(5):
            say(f"  refused {times:,} times: {reason}")


async def act(door: Door, rate: float, seconds: float | None, seed: int | None, told: Told) -> None:
    """Start acts at an even pace until the time is over; no more than 16 are open at once."""
    import asyncio
    import random
    from time import monotonic

    import httpx

    from takt.standalone.actors import steps_of

    dice = random.Random(seed)
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(
        base_url=door.url, headers=door.headers, timeout=30, limits=limits
    ) as client:
        try:
            status = (await client.get("/v1/status")).raise_for_status().json()
            steps = steps_of(client, dice, business_day(status))
            gate = asyncio.Semaphore(AT_ONCE)
            began = monotonic()
            async with asyncio.TaskGroup() as group:
                number = 0
                while seconds is None or number < rate * seconds:
                    await asyncio.sleep(max(0.0, began + number / rate - monotonic()))
                    await gate.acquire()
                    step = dice.choices(list(steps), list(steps.values()))[0]
                    task = group.create_task(one(step, told))
                    task.add_done_callback(lambda _: gate.release())
                    number += 1
        except* httpx.TransportError as errors:
            raise unreachable(door.url, errors.exceptions[0]) from errors
        except* httpx.HTTPStatusError as errors:
            reply = errors.exceptions[0]
            raise CommandError(f"Takt refuses to be read: {reply}.", "Which key is it?") from errors


async def one(step: "Step", told: Told) -> None:
    """One act; having nothing to do is told too."""
    from takt.standalone.actors import NothingToDo

    try:
        told(await step())
    except NothingToDo as reason:
        told.refused[f"nothing to do: {reason}"] += 1


def business_day(status: dict[str, object]) -> date:
    """The day that it is for Takt."""
    now = status.get("now")
    return datetime.fromisoformat(now).date() if isinstance(now, str) else datetime.now(UTC).date()
