"""Problems: the one error model, answered as application/problem+json (RFC 9457).

Problem                      an error with a status and a slug; the class docstring is its title
|-- InvalidRequest      422  the body, query or path does not fit; every failure is listed
|-- DataRefused         422  the database refused a value
|-- NotFound            404
|-- MethodNotAllowed    405  the address answers to other methods
|-- Conflict            409
`-- Unavailable         503  the database or the log cannot be reached now
"""

import json
import logging
import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from takt.common.db import chain, is_transient, sqlstate

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "title": "Problem",
                    "properties": {
                        "type": {"type": "string", "description": "urn:takt:problem:<slug>"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string", "description": "what is wrong here"},
                        "field": {"type": "string", "description": "where the wrong value stands"},
                        "value": {"description": "the wrong value"},
                        "remedy": {"type": "string", "description": "what to do about it"},
                    },
                    "required": ["type", "title", "status"],
                }
            }
        },
    }
}
"""How every route may answer too, for its OpenAPI."""


class Problem(Exception):
    """Something that the caller can understand and mend.

    Args:
        detail: what is wrong with this very request.
        field: where the wrong value stands, such as `lines.0.price`.
        value: the wrong value.
        remedy: what to do about it.
        extra: further members of the problem.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "problem"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        detail: str = "",
        *,
        field: str | None = None,
        value: object = None,
        remedy: str | None = None,
        **extra: object,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field, self.value, self.remedy, self.extra = field, value, remedy, extra

    @property
    def title(self) -> str:
        """The first line of the class's docstring."""
        return (type(self).__doc__ or "").strip().splitlines()[0]

    def body(self) -> dict[str, Any]:
        """The problem's members; those that are empty are left out."""
        members = {
            "type": f"urn:takt:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "field": self.field,
            "value": shown(self.value),
            "remedy": self.remedy,
            **self.extra,
        }
        return {name: value for name, value in members.items() if value is not None}

    def response(self) -> JSONResponse:
        """The HTTP answer."""
        return JSONResponse(self.body(), self.status, self.headers, MEDIA_TYPE)


class NotFound(Problem):
    """There is no such thing."""

    status, slug = 404, "not-found"


class MethodNotAllowed(Problem):
    """The address does not answer to this method."""

    status, slug = 405, "method-not-allowed"


class Conflict(Problem):
    """This cannot be done as things stand."""

    status, slug = 409, "conflict"


class InvalidRequest(Problem):
    """The request does not fit its schema."""

    status, slug = 422, "invalid-request"


class DataRefused(Problem):
    """A value cannot be stored."""

    status, slug = 422, "data-refused"


class Unavailable(Problem):
    """Takt cannot do this right now."""

    status, slug = 503, "unavailable"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


REMEDIES = {
    "missing": "add the field",
    "extra_forbidden": "leave the field out, or check its spelling",
    "decimal_max_places": "round to the number of places named",
    "decimal_max_digits": "give a value inside the limits",
    "decimal_whole_digits": "give a value inside the limits",
    "finite_number": "give a finite number",
    "greater_than": "give a larger value",
    "greater_than_equal": "give a larger value",
    "less_than": "give a smaller value",
    "less_than_equal": "give a smaller value",
    "json_invalid": "send valid JSON",
    "uuid_parsing": "give an id as it was answered by Takt",
    "date_from_datetime_parsing": "give a date such as 2026-11-23",
    "datetime_from_date_parsing": "give an instant with its zone such as 2026-11-23T09:00:00Z",
}

OWN_WORDS = "Value error, "
"""What pydantic puts before the words of our own validators."""

CONTRADICTS = ("23503", "23505", "23P01")
"""Foreign key, unique, exclusion: states of a value that would be right beside other rows."""


def shown(value: object) -> Any:
    """A value as it can be put into JSON, cut where it is long."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal | str | UUID):
        # Half of a surrogate pair is JSON, but no text that can be sent back.
        text = str(value).encode(errors="backslashreplace").decode()
        return text if len(text) <= 200 else text[:200] + "…"
    if isinstance(value, date | datetime):
        return value.isoformat()
    try:
        # As the sender wrote it, not as Python does.
        return shown(json.dumps(value, default=str, ensure_ascii=False))
    except (TypeError, ValueError):
        return shown(repr(value))


def explain(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pydantic's errors as field, value, problem and remedy."""
    return [
        {
            "field": ".".join(str(part) for part in e["loc"] if part != "body") or "body",
            "value": shown(e.get("input")),
            "problem": (said := e["msg"].removeprefix(OWN_WORDS)),
            "remedy": REMEDIES.get(e["type"], f"give a value that fits: {said}"),
        }
        for e in errors
    ]


def invalid(errors: list[dict[str, Any]]) -> InvalidRequest:
    """One problem that lists every failure; the first is also its own field, value, remedy."""
    listed = explain(errors)
    first = listed[0]
    detail = f"{first['field']}: {first['problem']}"
    if len(listed) > 1:
        detail += f" (and {len(listed) - 1} more)"
    return InvalidRequest(
        detail,
        field=first["field"],
        value=first["value"],
        remedy=first["remedy"],
        errors=listed,
    )


def install(app: FastAPI) -> None:
    """Answer every error as a problem."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return invalid([dict(e) for e in error.errors()]).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, Problem):
            return error.__cause__.response()
        return _plain(request, error)

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(OSError)
    async def _database(request: Request, error: Exception) -> JSONResponse:
        state = sqlstate(error)
        if isinstance(error, PoolTimeout) or is_transient(error):
            logger.warning("%s: %s", request.url.path, error)
            reason = "the disk is full" if state == "53100" else "the database cannot be reached"
            return Unavailable(reason, remedy="try again in a few seconds").response()
        if state is not None and state.startswith(("22", "23")):
            logger.warning("%s: %s", request.url.path, error)
            return _refused(error, state).response()
        logger.exception("%s failed", request.url.path, exc_info=error)
        return _unexpected()

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        logger.exception("%s failed", request.url.path, exc_info=error)
        return _unexpected()


def _plain(request: Request, error: HTTPException) -> JSONResponse:
    """What the framework itself refuses."""
    match error.status_code:
        case 404:
            remedy = "see /docs for the addresses"
            return NotFound("there is no such address", remedy=remedy).response()
        case 405:
            return _method_not_allowed(request)
        case status:
            body = {"type": "about:blank", "title": error.detail, "status": status}
            return JSONResponse(body, status, error.headers, MEDIA_TYPE)


def _method_not_allowed(request: Request) -> JSONResponse:
    allowed = [
        method
        for method in METHODS  # asked one by one: each has a route of its own
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
    answer = MethodNotAllowed(
        f"{request.url.path} does not answer to {request.method}",
        field="method",
        value=request.method,
        remedy=f"use {' or '.join(allowed)}",
    ).response()
    answer.headers["Allow"] = ", ".join(allowed)
    return answer


def _refused(error: Exception, state: str) -> Problem:
    """What a type or a constraint refused: the last line of defence behind checks that say more."""
    said: dict[str, str] = {}
    for link in chain(error):
        for name in ("message", "column_name", "constraint_name"):
            if getattr(link, name, None):
                said.setdefault(name, getattr(link, name))
    detail = said.get("message", str(error))[:300]
    field = said.get("column_name") or said.get("constraint_name")
    if state in CONTRADICTS:
        remedy = "read what is there, then send what agrees with it"
        return Conflict(detail, field=field, remedy=remedy)
    return DataRefused(detail, field=field, remedy="give a value that the field may have")


def _unexpected() -> JSONResponse:
    body = {
        "type": "urn:takt:problem:fault",
        "title": "Takt has a fault",
        "status": 500,
        "remedy": "nothing was changed; the service's log has the details",
    }
    return JSONResponse(body, 500, media_type=MEDIA_TYPE)
