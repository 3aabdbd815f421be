"""Server-sent events as the HTML standard has a browser read them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sent:
    """An event as a page gets it."""

    type: str
    data: Any
    id: str


@dataclass
class EventSource:
    """Reads lines; keeps what a browser would send when it comes back."""

    last_id: str = ""
    retry_ms: int | None = None
    comments: list[str] = field(default_factory=list)

    async def read(self, lines: AsyncIterator[str]) -> AsyncIterator[Sent]:
        """The events of a stream, until it ends."""
        kind, data, identity = "message", [], self.last_id
        async for line in lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match name:
                case "" if line:
                    self.comments.append(value)
                case "":
                    self.last_id = identity
                    if data:
                        yield Sent(kind, json.loads("\n".join(data)), identity)
                    kind, data = "message", []
                case "event":
                    kind = value
                case "data":
                    data.append(value)
                case "id":
                    identity = value
                case "retry":
                    self.retry_ms = int(value)


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The lines in what a follower is sent."""
    async for chunk in chunks:
        for line in chunk.decode().split("\n")[:-1]:
            yield line
