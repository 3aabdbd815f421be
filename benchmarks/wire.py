"""HTTP/1.1 on one connection: a client that costs next to nothing beside what it measures."""

import asyncio


class Refused(RuntimeError):
    """The answer was not 200."""


class Wire:
    """A connection to the server on `port`, with its key."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._head = f"Host: bench\r\nAuthorization: Bearer {key}\r\nIf-Match: *\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection, made if there is none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams

    async def post(self, path: str, body: bytes, **headers: str) -> bytes:
        """The answer's body; anything but 200 is Refused."""
        status, content = await self.ask(path, body, **headers)
        if status != 200:
            raise Refused(f"{status} {content!r}")
        return content

    async def ask(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """The answer's status and body, whatever it is."""
        reader, writer = await self.open()
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Type: application/json\r\n"
        head += "".join(f"{n.replace('_', '-')}: {value}\r\n" for n, value in headers.items())
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        content = await reader.readexactly(length)
        return int(answer[9:12]), content
