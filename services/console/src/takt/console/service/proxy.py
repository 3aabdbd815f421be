"""Takes `/v1/<noun>/…` to the service that owns the noun, which checks key and scope itself."""

from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from takt.common.problems import NotFound
from takt.console.routes import ROUTES, noun_of
from takt.console.service.backends import Backends, ServiceUnreachable


class Proxy(BaseRoute):
    """The one route of all nouns that services own: a look into the table instead of a search."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a service owns the noun."""
        owned = scope["type"] == "http" and noun_of(scope["path"]) in ROUTES
        return (Match.FULL if owned else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The door makes no addresses of services' routes."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on. Raises NotFound, ServiceUnreachable."""
        path: str = scope["path"]
        owner = ROUTES[noun_of(path) or ""]
        # What a client of ours would resolve (/v1/deals/../../ops) must not get past the table.
        if {".", ".."} & set(path.split("/")):
            raise NotFound("there is no such address", remedy="see /docs for the addresses")
        backend = self._backends.get(owner)
        if backend is None:
            raise ServiceUnreachable(
                f"{owner} is not part of this Takt",
                remedy="name its address in CONSOLE_SERVICES",
                service=owner,
            )
        await backend.forward(scope, receive, send)
