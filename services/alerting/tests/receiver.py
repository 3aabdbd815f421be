"""A real HTTP server on loopback that keeps what it was sent."""

import asyncio
import contextlib
from ipaddress import ip_network

LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def status(code, *headers):
    lines = [f"HTTP/1.1 {code} Status", *headers, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


class Receiver:
    def __init__(self, reply):
        self.reply = reply
        self.connections = 0
        self.requests = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/in"

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:] if line)
            headers = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(headers["content-length"]))
            self.requests.append((head.split(b"\r\n")[0].decode(), headers, body))
            if self.reply is None:
                await asyncio.sleep(30)
            writer.write(self.reply)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def receiving(reply=OK, tls=None):
    receiver = Receiver(reply)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
