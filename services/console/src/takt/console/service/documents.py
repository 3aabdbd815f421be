"""The merged OpenAPI document, from those of the services, each remembered for a minute."""

import asyncio
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from takt.console.domain.openapi import CONSOLE, merge
from takt.console.service.backends import Backend, Backends, NoAnswer

REMEMBER_SECONDS = 60.0


class Documents:
    """The services' documents.

    Args:
        backends: whose they are.
        own: the door's own.
    """

    def __init__(self, backends: Backends, own: Mapping[str, Any]) -> None:
        self._backends = backends
        self._own = own
        self._read: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def merged(self) -> dict[str, Any]:
        """One document of all that answer; the others are named."""
        found = await asyncio.gather(*map(self._document, self._backends.values()))
        by_service = dict(zip(self._backends, found, strict=True))
        documents = {
            name: document for name, document in by_service.items() if document is not None
        }
        missing = by_service.keys() - documents.keys()
        return merge({**documents, CONSOLE: self._own}, version("takt-console"), missing)

    async def _document(self, backend: Backend) -> Mapping[str, Any] | None:
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
