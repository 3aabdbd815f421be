"""Takes `/v1/<noun>/…` to the service that owns the noun, which checks key and scope itself."""

from starlette.types import Receive, Scope, Send
from takt.common.problems import NotFound
from takt.console.routes import ROUTES, noun_of
from takt.console.service.backends import Backends, ServiceUnreachable


class Proxy:
    """The last route of the door."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises NotFound for a noun that nobody owns."""
        path = scope["path"]
        owner = ROUTES.get(noun_of(path) or "")
        # What a client of ours would resolve (/v1/deals/../../ops) must not get past the table.
        if owner is None or {".", ".."} & set(path.split("/")):
            raise NotFound("there is no such address", remedy="see /docs for the addresses")
        backend = self._backends.get(owner)
        if backend is None:
            raise ServiceUnreachable(
                f"{owner} is not part of this Takt",
                remedy="name its address in CONSOLE_SERVICES",
                service=owner,
            )
        await backend.forward(scope, receive, send)
