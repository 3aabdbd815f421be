"""A real HTTP receiver of webhooks on this host: it keeps what came, whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """Its address, and the requests that came: headers in lower case, and body."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def receiving(known_as: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """A receiver that answers 204 to everything, at the name by which Takt knows this host."""
    receiver = Receiver()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        receiver.requests.append((headers, body))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(
        answer, "127.0.0.1" if known_as == "127.0.0.1" else "0.0.0.0", 0
    )
    receiver.url = f"http://{known_as}:{server.sockets[0].getsockname()[1]}/takt"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
