"""The session's cookie: how a browser says the bearer, and is kept from saying it for others.

A browser sends its cookies by itself, also where another site has led it. So what comes with the
cookie and may write must come from our own page; a request with a bearer is not looked at.
docs/decisions/0202-sessions-and-the-page.md
"""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from takt.common.problems import Problem

SESSION = "/v1/session"
READING = frozenset(("GET", "HEAD", "OPTIONS"))
REMEDY = "do it on the page of Takt itself, or send a key as Authorization: Bearer takt_…"
BY_COOKIE = "by_cookie"
"""Marks, in a request's state, that its bearer came from the cookie."""


class CrossSite(Problem):
    """This may only be done from Takt's own page."""

    status, slug = 403, "cross-site-request"


def name_of(scope: Scope) -> str:
    """The cookie's name: browsers do not keep cookies of several ports apart."""
    host = Headers(scope=scope).get("host", "")
    port = re.search(r":(\d{1,5})$", host)
    standard = "443" if scope["scheme"] == "https" else "80"
    return f"takt_session_{port[1] if port else standard}"


def cookie(scope: Scope, token: str, max_age_seconds: int) -> str:
    """The value of the Set-Cookie header that has the browser keep a token."""
    secure = "; Secure" if scope["scheme"] == "https" else ""
    return (
        f"{name_of(scope)}={token}; Max-Age={max_age_seconds}; Path=/; HttpOnly;"
        f" SameSite=Strict{secure}"
    )


def no_cookie(scope: Scope) -> str:
    """The value of the Set-Cookie header that has the browser forget it."""
    return cookie(scope, "", 0)


class CookieSessions:
    """Has a request with the cookie go on as one with a bearer; the cookie itself ends here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        signs_in = scope["path"] == SESSION and scope["method"] == "POST"
        token = None if signs_in else _token(scope, headers)
        if signs_in or token is not None:
            refusal = _foreign(scope, headers)
            if refusal is not None:
                await refusal.response()(scope, receive, send)
                return
        if "cookie" in headers:
            dropped = (b"cookie",) if token is None else (b"cookie", b"authorization")
            kept = [(name, value) for name, value in scope["headers"] if name not in dropped]
            scope = {**scope, "headers": kept}
        if token is None:
            await self.app(scope, receive, send)
            return
        scope["headers"].append((b"authorization", f"Bearer {token}".encode("latin-1")))
        scope["state"][BY_COOKIE] = True

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                MutableHeaders(scope=message).append("set-cookie", no_cookie(scope))
            await send(message)

        await self.app(scope, receive, answering)


def _token(scope: Scope, headers: Headers) -> str | None:
    """The token of the cookie, where it speaks for the request.

    A bearer goes before it. A password does not: a browser that was once given one for /status
    repeats it by itself, and the cookie is the newer word.
    """
    if "cookie" not in headers:
        return None
    given = headers.get("authorization", "Basic")
    if given.partition(" ")[0].lower() != "basic":
        return None
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(name_of(scope)) or None


def _foreign(scope: Scope, headers: Headers) -> CrossSite | None:
    """Why a request that a browser may have been led into is refused; None when it is our own."""
    site = headers.get("sec-fetch-site")
    if scope["method"] in READING:
        if site == "cross-site" and scope["path"].startswith("/v1"):
            return _refuse("Sec-Fetch-Site", site, "another site asks")
        return None
    if site is not None:
        if site == "same-origin":
            return None
        return _refuse("Sec-Fetch-Site", site, "it does not come from Takt's page")
    origin = headers.get("origin")
    if origin is None:
        return _refuse("Origin", None, "it does not say which page it comes from")
    if origin.lower() != f"{scope['scheme']}://{headers.get('host', '')}".lower():
        return _refuse("Origin", origin, "it does not come from Takt's page")
    return None


def _refuse(field: str, value: str | None, why: str) -> CrossSite:
    return CrossSite(why, field=field, value=value, remedy=REMEDY)
