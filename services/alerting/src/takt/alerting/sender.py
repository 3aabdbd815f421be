"""Sends one webhook request to an address that the policy let through, and to no other.

The name is resolved once, every address that it has is checked, and the connection goes to one of
those very addresses; the name stays in TLS and in the Host header. httpcore is used bare: it
follows no redirect and reads no proxy from the environment.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address

import httpcore

from takt.alerting.domain.addresses import (
    Address,
    AddressRefusedError,
    Network,
    Target,
    check_address,
    parse_target,
)
from takt.alerting.domain.delivery import Answer

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
LARGEST_REQUEST = 1024 * 1024
LARGEST_ANSWER = 64 * 1024

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Every address of a name, as the system's resolver gives them.

    Raises:
        OSError: the name has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    return tuple(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


@cache
def public_trust() -> ssl.SSLContext:
    """The public certificate authorities, read once and only when a webhook is sent."""
    return httpcore.default_ssl_context()


@dataclass(frozen=True, slots=True)
class Sender:
    """How webhooks leave this installation.

    `allowed` is the administrator's CIDR list for receivers on the premises; `trust` verifies
    certificates, None being the public authorities; `resolve` and `network` lead outside.
    """

    allowed: Sequence[Network] = ()
    trust: ssl.SSLContext | None = None
    resolve: Resolve = resolve
    network: httpcore.AsyncNetworkBackend = field(default_factory=httpcore.AnyIOBackend)
    total_seconds: float = TOTAL_SECONDS


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a request, and how long it took."""

    answer: Answer
    milliseconds: int


async def check_url(sender: Sender, url: str) -> Target:
    """Take a URL that may be delivered to as things stand now.

    Raises:
        AddressRefusedError: the policy refuses it, or its name does not resolve.
    """
    target, _ = await _admit(sender, url)
    return target


async def post(sender: Sender, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
    """Post a body once; whatever goes wrong is the answer's error, never an exception."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(sender.total_seconds):
            answer = await _post(sender, url, headers, body)
    except AddressRefusedError as error:
        answer = Answer(error=f"address refused: {error}")
    except TimeoutError:
        answer = Answer(error=f"no answer within {sender.total_seconds:g} s")
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        answer = Answer(error=f"{type(error).__name__}: {error}".rstrip(": "))
    return Attempt(answer, round((time.perf_counter() - started) * 1000))


async def _post(sender: Sender, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    if len(body) > LARGEST_REQUEST:
        return Answer(error=f"the body has {len(body)} bytes; at most {LARGEST_REQUEST} are sent")
    target, addresses = await _admit(sender, url)
    sent_headers: dict[bytes | str, bytes | str] = {
        "host": target.authority,
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": str(len(body)),
    }
    sent_headers.update(headers.items())
    backend = _AdmittedBackend(addresses, sender.network)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), CONNECT_SECONDS)
    timeouts["read"] = sender.total_seconds
    async with (
        httpcore.AsyncConnectionPool(
            ssl_context=sender.trust or public_trust(), network_backend=backend
        ) as pool,
        pool.stream(
            "POST",
            httpcore.URL(
                scheme=target.scheme,
                host=target.host,
                port=target.port,
                target=target.path,
            ),
            headers=sent_headers,
            content=body,
            extensions={"timeout": timeouts},
        ) as response,
    ):
        size = 0
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > LARGEST_ANSWER:
                break
        answered = {name.lower(): value for name, value in response.headers}
        retry_after = answered.get(b"retry-after")
        return Answer(
            status=response.status,
            error=None if 200 <= response.status < 300 else f"status {response.status}",
            retry_after=retry_after.decode("latin-1") if retry_after else None,
        )


async def _admit(sender: Sender, url: str) -> tuple[Target, Sequence[Address]]:
    """The target and its addresses, all of them checked: one bad address refuses the name."""
    target = parse_target(url)
    if target.literal is not None:
        addresses: Sequence[Address] = (target.literal,)
    else:
        try:
            addresses = await sender.resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise AddressRefusedError(f"{target.host} does not resolve ({error})") from None
    if not addresses:
        raise AddressRefusedError(f"{target.host} has no address")
    for address in addresses:
        check_address(address, target.scheme, sender.allowed)
    return target, addresses


class _AdmittedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the admitted addresses in turn, whatever name is asked for."""

    def __init__(self, addresses: Sequence[Address], network: httpcore.AsyncNetworkBackend) -> None:
        self._addresses = addresses
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in self._addresses:
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no admitted address")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
