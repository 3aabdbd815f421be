"""Who may see the pages: a session, a key as bearer or as a browser's password, or this machine.

The pages only read. The API itself takes no password, so a browser that keeps one cannot be led by
another site to change anything. docs/decisions/0201-the-status-page-and-the-key.md
"""

import base64
import binascii
import ipaddress
import re
from typing import Any, ClassVar

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBase

from takt.common.auth import Access, Caller, Forbidden, Scope, Unauthenticated
from takt.console.api.cookie import BY_COOKIE
from takt.console.settings import ConsoleSettings

USER = "takt"
LOCAL_NAME = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
FORWARDED = frozenset(("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"))


class PasswordNeeded(Unauthenticated):
    """A key is needed to see this page."""

    slug = "password-needed"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Basic realm="takt", charset="UTF-8"'}


def authorization_of(request: Request) -> str | None:
    """The bearer that a page's request stands for."""
    given = request.headers.get("authorization")
    if given is None:
        return _of_this_machine(request)
    scheme, _, encoded = given.partition(" ")
    if scheme.lower() != "basic":
        return given
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return f"Bearer {password}" if user == USER else None


def _of_this_machine(request: Request) -> str | None:
    settings: ConsoleSettings = request.app.state.settings
    if settings.page_key is None or not is_local(request):
        return None
    return f"Bearer {settings.page_key.get_secret_value()}"


def is_local(request: Request) -> bool:
    """Whether a browser on this machine asks this machine by its own name.

    The name matters: a stranger's site can have its own name resolved to 127.0.0.1 (DNS rebinding),
    but the browser still sends that name. A request that was passed on comes from elsewhere.
    """
    if request.client is None or FORWARDED & set(request.headers.keys()):
        return False
    try:
        if not ipaddress.ip_address(request.client.host).is_loopback:
            return False
    except ValueError:
        return False
    return LOCAL_NAME.fullmatch(request.headers.get("host", "")) is not None


class PageScope(Scope):
    """The declaration of a page: a key with any of these scopes opens it."""

    model = HTTPBase(scheme="basic")
    scheme_name = "page"

    def __init__(self, *any_of: str) -> None:
        super().__init__(any_of[0])
        self.any_of = any_of

    async def __call__(self, request: Request) -> Caller:
        """The caller. Raises PasswordNeeded, so that a browser asks for it, or Forbidden."""
        request.state.authorization = authorization_of(request)
        try:
            caller = await self._caller(request)
        except Unauthenticated as error:
            raise PasswordNeeded(
                error.detail,
                field="Authorization",
                remedy=f"give the user {USER} and, as the password, a key: takt keys create",
            ) from error
        if not any(map(caller.may, self.any_of)):
            raise Forbidden(
                f"the key {caller.name!r} has none of the scopes {', '.join(self.any_of)}",
                field="Authorization",
                remedy="use a key with one of them; takt keys create makes one",
                scopes=sorted(caller.scopes),
            )
        return caller

    async def _caller(self, request: Request) -> Caller:
        """The caller; a session that is over leaves what this machine may see without one."""
        access: Access = request.app.state.access
        try:
            return await access.caller(request.state.authorization)
        except Unauthenticated:
            without = _of_this_machine(request)
            if without is None or not getattr(request.state, BY_COOKIE, False):
                raise
            request.state.authorization = without
            return await access.caller(without)


def page_for(*any_of: str) -> Any:
    """What a page depends on: a key with any of these scopes."""
    return Security(PageScope(*any_of))
