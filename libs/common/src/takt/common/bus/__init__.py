"""Subscriptions over a log: Kafka, or a table in PostgreSQL on one machine. Two logs, one meaning.

    publish(messages)   returns when the batch is safe; raises when it may not be
    subscribe(group)    each subscription reads after its own stored position and holds up nobody
    read(after)         without a group: to follow, resume and replay

Order is kept per key within a topic. A message may come twice; the inbox makes the repeat harmless.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed to the log."""

    topic: str
    key: str
    headers: Mapping[str, str]
    value: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What the log gives back: a message at its place."""

    topic: str
    partition: int
    position: int
    key: str
    headers: Mapping[str, str]
    value: bytes

    @property
    def place(self) -> str:
        """Where it lies: topic, partition and position."""
        return f"{self.topic}/{self.partition}/{self.position}"


class LogUnavailable(ConnectionError):
    """The log cannot be reached, or did not acknowledge in time: try again."""


Positions = Mapping[tuple[str, int], int]
"""The last position read, by topic and partition."""


class Subscription(Protocol):
    """A member of a group, reading its topics."""

    async def poll(self, timeout: float) -> Sequence[Record]:
        """The next records in order, about 500; none when nothing came within `timeout` s.

        It may be cancelled: what it had found comes with the next poll. Raises LogUnavailable.
        """
        ...

    async def commit(self, records: Sequence[Record]) -> None:
        """Remember that these were handled; at once, in a moment, or when it is closed.

        A commit that fails or is not reached is harmless: the records come again.
        """
        ...

    async def lag(self) -> int:
        """How many records lie before it, over all its topics. Raises LogUnavailable."""
        ...

    async def close(self) -> None:
        """Leave the group."""
        ...


class Log(Protocol):
    """Where events lie."""

    async def start(self) -> None:
        """Connect. Raises LogUnavailable."""
        ...

    async def create_topics(self) -> None:
        """Create what is missing of the declared topics and their dead-letter topics."""
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all of them are safe. Raises LogUnavailable when any may not be."""
        ...

    async def subscribe(self, group: str, topics: Sequence[str]) -> Subscription:
        """Join a group."""
        ...

    async def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """The last position of each partition, -1 or less where nothing lies."""
        ...

    async def read(self, after: Positions, timeout: float) -> Sequence[Record]:
        """Records after these positions, without a group; none when nothing came in time."""
        ...

    async def retain(self) -> None:
        """Drop what is past keeping, where the log does not do it by itself."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...
