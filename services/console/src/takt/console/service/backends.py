"""The services behind the door: an app in this process, or an address.

Either way a request goes through as it is: bytes in, bytes out, nothing buffered, nothing written
anew. Only the correlation id is added, and between machines what belongs to one connection alone is
left out.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from takt.common.problems import Problem, Unavailable

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5
ASK_SECONDS = 5
IDLE_SECONDS = 2
"""Below the 5 s after which uvicorn closes an idle connection: none is used as it closes."""

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
FROM_SERVER = frozenset((b"date", b"server"))
"""Written by the door's own server too."""

ASGI_KEYS = frozenset(("type", "asgi", "http_version", "method", "scheme", "path", "raw_path"))
ASGI_KEYS |= {"query_string", "root_path", "client", "server", "extensions"}
"""What of a request's scope is the request; the rest is the door's own routing."""


class ServiceUnreachable(Unavailable):
    """The service behind this address cannot be reached now."""

    slug = "service-unreachable"


class ServiceTimeout(Problem):
    """The service behind this address did not answer in time."""

    status, slug = 504, "service-timeout"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class ServiceBroke(Problem):
    """The service behind this address broke off before it answered."""

    status, slug = 502, "service-broke-off"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


REPEAT = "it may have been done: ask again, with the same Idempotency-Key if it was a post"


class NoAnswer(Exception):
    """A service did not answer the door's own question; says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered to the door's own question."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Backend:
    """A service behind the door.

    Args:
        name: of the service.
        forward: takes a caller's request through.
        client: for the door's own questions.
    """

    name: str
    forward: ASGIApp
    client: httpx.AsyncClient

    async def ask(
        self,
        method: str,
        path: str,
        authorization: str | None = None,
        body: object = None,
        *,
        within: float = ASK_SECONDS,
    ) -> Answer:
        """Ask the service something under a caller's key.

        Raises:
            NoAnswer: none came `within` seconds, or none that can be read.
        """
        headers = {} if authorization is None else {"authorization": authorization}
        try:
            async with asyncio.timeout(within):
                response = await self.client.request(method, path, headers=headers, json=body)
            return Answer(response.status_code, response.json())
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {within:g} s") from error
        except httpx.TransportError as error:
            raise NoAnswer(f"it cannot be reached: {error}") from error
        except ValueError as error:
            raise NoAnswer(f"its answer ({response.status_code}) is not JSON") from error


Backends = Mapping[str, Backend]


def backend(name: str, service: ASGIApp | str, answer_seconds: float) -> Backend:
    """A service, given as an app whose lifespan is already running, or as its URL."""
    if isinstance(service, str):
        client = httpx.AsyncClient(
            base_url=service,
            trust_env=False,
            timeout=httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=200, max_keepalive_connections=50, keepalive_expiry=IDLE_SECONDS
            ),
        )
        return Backend(name, Remote(name, client, answer_seconds), client)
    transport = httpx.ASGITransport(service, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=f"http://{name}")
    return Backend(name, InProcess(name, service), client)


class InProcess:
    """Takes a request to an app in this process."""

    def __init__(self, name: str, app: ASGIApp) -> None:
        self._name = name
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        inner = {key: value for key, value in scope.items() if key in ASGI_KEYS}
        inner["headers"] = [*_without(scope["headers"], {b"correlation-id"}), _correlation(scope)]
        try:
            await self._app(inner, receive, sending)
        except Exception:
            # Starlette answers a fault with 500, logs it, and raises it all the same.
            if not started:
                raise
            logger.debug("%s raised after it had answered", self._name, exc_info=True)


class Remote:
    """Takes a request to a service at another address."""

    def __init__(self, name: str, client: httpx.AsyncClient, answer_seconds: float) -> None:
        self._name = name
        self._client = client
        self._seconds = answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        incoming = Request(scope, receive)
        try:
            answer = await self._send(incoming)
        except ClientDisconnect:
            return
        response = StreamingResponse(self._body(answer), answer.status_code)
        response.raw_headers = _without(answer.headers.raw, FROM_SERVER)
        await response(scope, receive, send)

    async def _send(self, incoming: Request) -> httpx.Response:
        scope = incoming.scope
        path = scope["raw_path"].split(b"?")[0] + (
            b"?" + scope["query_string"] if scope["query_string"] else b""
        )
        has_body = "content-length" in incoming.headers or "transfer-encoding" in incoming.headers
        request = httpx.Request(
            scope["method"],
            self._client.base_url.copy_with(raw_path=path),
            headers=[
                *_without(scope["headers"], {b"host", b"correlation-id"}),
                _correlation(scope),
            ],
            content=incoming.stream() if has_body else None,
            extensions={"timeout": self._client.timeout.as_dict()},
        )
        try:
            return await self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            logger.warning("%s cannot be reached: %r", self._name, error)
            raise ServiceUnreachable(
                f"{self._name} cannot be reached",
                remedy="ask again in a few seconds; /v1/status shows how it is",
                service=self._name,
            ) from error
        except httpx.TimeoutException as error:
            raise ServiceTimeout(
                f"{self._name} did not answer within {self._seconds:g} s",
                remedy=REPEAT,
                service=self._name,
            ) from error
        except httpx.TransportError as error:
            logger.warning("%s broke off: %r", self._name, error)
            raise ServiceBroke(
                f"{self._name} broke off before it answered", remedy=REPEAT, service=self._name
            ) from error

    async def _body(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        """The body as it comes. A fault ends the caller's connection too, so that it is seen."""
        try:
            async for chunk in answer.aiter_raw():
                yield chunk
        finally:
            await answer.aclose()


def _correlation(scope: Scope) -> tuple[bytes, bytes]:
    return b"correlation-id", str(scope["state"]["correlation"]).encode()


def _without(
    headers: list[tuple[bytes, bytes]], names: frozenset[bytes] | set[bytes]
) -> list[tuple[bytes, bytes]]:
    """The headers but for these names, and but for those that belong to one connection alone."""
    listed = {
        name.strip().lower()
        for key, value in headers
        if key.lower() == b"connection"
        for name in value.split(b",")
    }
    dropped = names | HOP_BY_HOP | listed
    return [(key, value) for key, value in headers if key.lower() not in dropped]
