"""/v1/session: sign in, look who is signed in, sign out."""

import time
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from takt.common.auth import SCOPES, Access, Caller, Unauthenticated, public
from takt.common.event import wall_now
from takt.common.http import Now
from takt.common.problems import InvalidRequest
from takt.console.api.cookie import SESSION, cookie, no_cookie
from takt.console.domain.attempts import Attempts
from takt.console.schemas import CompanyState, SessionState, SignIn
from takt.console.service.feed import Feed
from takt.console.service.sessions import (
    NoSession,
    SignInRefused,
    TooManyAttempts,
    end,
    sign_in_with_key,
    sign_in_with_ticket,
)
from takt.console.settings import ConsoleSettings

router = APIRouter(tags=["session"])

UNKEPT = {"Cache-Control": "no-store"}


async def session_of(request: Request) -> Caller:
    """Whose session it is. Raises NoSession, Unauthenticated."""
    authorization = request.headers.get("authorization")
    remedy = "sign in: takt open makes a link for it, or give a key at /sign-in"
    if authorization is None:
        raise NoSession("nobody is signed in", remedy=remedy)
    access: Access = request.app.state.access
    caller = await access.caller(authorization)
    if not caller.session:
        raise NoSession("a key was sent, which needs no session", remedy=remedy)
    return caller


SignedIn = Annotated[Caller, Depends(session_of)]


@router.get(SESSION)
@public
async def show_session(
    request: Request, response: Response, session: SignedIn, clock: Now
) -> SessionState:
    """Who is signed in, what the session opens, and whose Takt it is."""
    response.headers.update(UNKEPT)
    return told(session, clock, request.app.state.events)


@router.post(SESSION)
@public
async def sign_in(request: Request, response: Response, body: SignIn, clock: Now) -> SessionState:
    """Turn a key, or the ticket of a one-time link, into a session that a cookie keeps.

    Only Takt's own page may ask. After twenty failures an address has one attempt in two seconds.
    """
    state = request.app.state
    settings: ConsoleSettings = state.settings
    access: Access = state.access
    attempts: Attempts = state.attempts
    address = request.client.host if request.client else ""
    if not attempts.take(address, time.monotonic()):
        raise TooManyAttempts("too many of the last ones were wrong", remedy="wait a little")
    now, lasts = wall_now(), timedelta(hours=settings.session_hours)
    match body.key, body.ticket:
        case str(key), None:
            token = await sign_in_with_key(access, key, now, lasts)
        case None, str(ticket):
            token = await sign_in_with_ticket(access, ticket, now, lasts)
        case _:
            raise InvalidRequest(
                "either a key or a ticket is needed", field="key", remedy="send one of the two"
            )
    try:
        session = await access.caller(f"Bearer {token}")
    except Unauthenticated as error:  # the key ended at this very moment
        raise SignInRefused(error.detail, field="key", remedy=error.remedy) from error
    attempts.give_back(address, time.monotonic())
    ends_in = (session.expires_at or now + lasts) - now
    response.headers.update(UNKEPT)
    response.headers["set-cookie"] = cookie(request.scope, token, int(ends_in.total_seconds()))
    return told(session, clock, state.events)


@router.delete(SESSION, status_code=204)
@public
async def sign_out(request: Request, session: SignedIn) -> Response:
    """End the session, wherever its cookie may have got to."""
    await end(request.app.state.access, session, wall_now())
    return Response(status_code=204, headers={"Set-Cookie": no_cookie(request.scope), **UNKEPT})


def told(session: Caller, now: datetime, feed: Feed) -> SessionState:
    """A session as its own page sees it; the company is told whatever its key opens."""
    assert session.expires_at is not None, "every session has an end"
    return SessionState(
        name=session.name,
        scopes=[scope for scope in SCOPES if session.may(scope)],
        expires_at=session.expires_at,
        now=now,
        version=version("takt-console"),
        company=None
        if feed.company is None
        else CompanyState.model_validate(feed.company, from_attributes=True),
    )
