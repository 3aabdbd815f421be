"""How a stream of events is written: a JSON document a line, or server-sent events."""

import json
from typing import Literal, Protocol

State = Literal["catching-up", "live"]
"""Whether a follower still gets what happened before, or what happens now."""

RETRY_MS = 1_000


class Writer(Protocol):
    """Writes what a follower is told; each answers bytes, none where it says nothing of it."""

    media_type: str

    def begin(self) -> bytes:
        """Before all else."""

    def state(self, state: State, cursor: str) -> bytes:
        """The state at the beginning, and when it changes."""

    def event(self, line: bytes, cursor: str) -> bytes:
        """An event. Args: line: it as JSON on one line, without the closing brace."""

    def quiet(self, cursor: str) -> bytes:
        """Nothing has been said for a while; the connection lives."""

    def end(self, why: str, cursor: str) -> bytes:
        """The last word."""


class Lines:
    """NDJSON: an event a line with its cursor, an empty line when it is quiet."""

    media_type = "application/x-ndjson"

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def state(self, state: State, cursor: str) -> bytes:
        """Nothing."""
        return b""

    def event(self, line: bytes, cursor: str) -> bytes:
        """The event and the cursor after it."""
        return b'%b, "cursor": "%b"}\n' % (line, cursor.encode())

    def quiet(self, cursor: str) -> bytes:
        """An empty line."""
        return b"\n"

    def end(self, why: str, cursor: str) -> bytes:
        """Why it ends, and where to go on."""
        return json.dumps({"end": why, "cursor": cursor}).encode() + b"\n"


LINES = Lines()


class ServerSent:
    """Server-sent events, whose ids are cursors: a browser that breaks off goes on by itself.

    Quiet is told by a comment and by an event of its own, `heartbeat`: a page's EventSource shows
    no comments, and a connection that died without a word looks like a quiet one without it. It
    carries the cursor too, so that a follower of rare events need not read again what it skipped.
    """

    media_type = "text/event-stream"

    def begin(self) -> bytes:
        """How soon to come back."""
        return b"retry: %d\n\n" % RETRY_MS

    def state(self, state: State, cursor: str) -> bytes:
        """The state, with the place where it holds."""
        return self._named("state", {"state": state}, cursor)

    def event(self, line: bytes, cursor: str) -> bytes:
        """The event; its cursor is the id."""
        return b"id: %b\ndata: %b}\n\n" % (cursor.encode(), line)

    def quiet(self, cursor: str) -> bytes:
        """A comment, and the same for a page."""
        return b": quiet\n" + self._named("heartbeat", {}, cursor)

    def end(self, why: str, cursor: str) -> bytes:
        """Why it ends."""
        return self._named("end", {"why": why}, cursor)

    def _named(self, name: str, data: dict[str, str], cursor: str) -> bytes:
        return f"id: {cursor}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
