"""How every service is, asked now."""

import asyncio
from datetime import datetime
from importlib.metadata import version

from pydantic import ValidationError

from takt.common.event import wall_now
from takt.common.ops import Status
from takt.console.schemas import DoorStatus, ServiceStatus
from takt.console.service.backends import Backend, Backends, NoAnswer
from takt.console.service.feed import Feed


async def status(
    backends: Backends, feed: Feed, authorization: str | None, now: datetime
) -> DoorStatus:
    """The status of the door and of all services."""
    services = await asyncio.gather(
        *(service_status(backend, authorization) for backend in backends.values())
    )
    return DoorStatus(
        version=version("takt-console"),
        now=now,
        wall_time=wall_now(),
        waiting_for=feed.waiting_for,
        services=list(services),
    )


async def service_status(backend: Backend, authorization: str | None) -> ServiceStatus:
    """The status of one service."""
    try:
        answer = await backend.ask("GET", "/ops/status", authorization)
        if answer.status != 200:
            said = answer.body.get("detail") or answer.body.get("title")
            raise NoAnswer(f"it answers {answer.status}: {said}")
        found = Status.model_validate(answer.body)
    except (NoAnswer, ValidationError, AttributeError) as error:
        return ServiceStatus(name=backend.name, up=False, problem=str(error))
    lags = [consumer.lag for consumer in found.consumers]
    return ServiceStatus(
        **found.model_dump(exclude={"name"}),
        name=backend.name,
        up=True,
        lag=None if None in lags else sum(lag for lag in lags if lag is not None),
        handled=sum(consumer.handled for consumer in found.consumers),
    )


async def not_ready(backends: Backends) -> list[str]:
    """The services that cannot serve now."""

    async def is_ready(backend: Backend) -> bool:
        try:
            return (await backend.ask("GET", "/health/ready")).status == 200
        except NoAnswer:
            return False

    ready = await asyncio.gather(*map(is_ready, backends.values()))
    return [name for name, well in zip(backends, ready, strict=True) if not well]
