"""The merged OpenAPI document and its reference, from the services' documents.

Each of those is remembered for a minute, and the whole is made anew when one of them has changed.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from takt.console.domain.openapi import CONSOLE, Document, merge
from takt.console.domain.reference import Reference, reference
from takt.console.service.backends import Backend, Backends, NoAnswer

REMEMBER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Merged:
    """The whole: as a document, and for people."""

    document: Mapping[str, Any]
    reference: Reference


class Documents:
    """The services' documents.

    Args:
        backends: whose they are.
        own: the door's own.
    """

    def __init__(self, backends: Backends, own: Document) -> None:
        self._backends = backends
        self._own = own
        self._read: dict[str, tuple[float, Document]] = {}
        self._last: tuple[Mapping[str, Document], Merged] | None = None

    async def merged(self) -> Merged:
        """The whole of all that answer; the others are named."""
        found = await asyncio.gather(*map(self._document, self._backends.values()))
        by_service = dict(zip(self._backends, found, strict=True))
        documents = {
            name: document for name, document in by_service.items() if document is not None
        }
        if self._last is None or self._last[0] != documents:
            missing = by_service.keys() - documents.keys()
            whole = merge({**documents, CONSOLE: self._own}, version("takt-console"), missing)
            self._last = documents, Merged(whole, reference(whole))
        return self._last[1]

    async def _document(self, backend: Backend) -> Document | None:
        read_at, document = self._read.get(backend.name, (float("-inf"), None))
        if time.monotonic() - read_at < REMEMBER_SECONDS:
            return document
        try:
            answer = await backend.ask("GET", "/openapi.json")
        except NoAnswer:
            return None
        if answer.status != 200:
            return None
        self._read[backend.name] = (time.monotonic(), answer.body)
        return answer.body  # type: ignore[no-any-return]
