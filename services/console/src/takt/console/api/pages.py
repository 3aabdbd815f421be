"""The pages that need no script: status at /status, the reference at /docs.

They are made here and load nothing from elsewhere.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from takt.common.auth import SCOPES, Caller, public
from takt.common.http import Now
from takt.console.api.access import PasswordNeeded, page_for
from takt.console.domain.chart import chart, described
from takt.console.service.documents import Documents
from takt.console.service.overview import headline, last_events, last_forecast, median_delay
from takt.console.service.status import status
from takt.console.service.stream import topics_for

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent.parent / "pages"
STYLE = (FOLDER / "style.css").read_text()
ICON = (FOLDER / "icon.svg").read_text()
UNCHANGING = {"Cache-Control": "public, max-age=31536000, immutable"}
STYLE_VERSION = hashlib.sha256(STYLE.encode()).hexdigest()[:12]
WIDE, NARROW = (1040, 330), (330, 280)

templates = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def milliseconds(ms: float) -> str:
    """A delay as it is read: 4.2 ms, 37 ms, 1.4 s, 3 min, 2 h."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 119.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3600:.0f} h"


def day(instant: datetime) -> str:
    """An instant's day, as Monday 23 November 2026."""
    return f"{instant:%A} {instant.day} {instant:%B %Y}"


def marked(text: str) -> Markup:
    """Text with its `code` as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


templates.filters |= {"milliseconds": milliseconds, "day": day, "marked": marked}


def page(name: str, context: Mapping[str, Any], status_code: int = 200) -> HTMLResponse:
    """A page from its template. It is never kept by the browser: it shows how things are now."""
    content = templates.get_template(name).render(context, style_version=STYLE_VERSION)
    return HTMLResponse(content, status_code, {"Cache-Control": "no-store"})


@router.get("/status")
async def show_status(
    request: Request, now: Now, caller: Annotated[Caller, page_for("events:read")]
) -> HTMLResponse:
    """How Takt is."""
    state = request.app.state
    authorization: str | None = request.state.authorization
    found = await status(state.backends, state.events, authorization, now)
    events = await last_events(state.events, state.backends, topics_for(caller.may), authorization)
    said, well = headline(found)
    may_see_forecast = caller.may("forecast:read")
    forecast = last_forecast(state.events) if may_see_forecast else None
    return page(
        "status.html",
        {
            "status": found,
            "headline": said,
            "well": well,
            "events": events,
            "median_delay": median_delay(events),
            "may_see_forecast": may_see_forecast,
            "forecast": forecast,
            "description": described(forecast) if forecast else "",
            "charts": {
                "wide": chart(forecast.buckets, *WIDE),
                "narrow": chart(forecast.buckets, *NARROW),
            }
            if forecast
            else {},
        },
    )


@router.get("/docs", dependencies=[page_for(*SCOPES)])
async def show_reference(request: Request) -> HTMLResponse:
    """Every route, by noun."""
    documents: Documents = request.app.state.documents
    return page("reference.html", {"reference": (await documents.merged()).reference})


@router.get("/openapi.json", dependencies=[page_for(*SCOPES)])
async def show_openapi(request: Request) -> JSONResponse:
    """The OpenAPI document of all services together."""
    documents: Documents = request.app.state.documents
    return JSONResponse((await documents.merged()).document)


@router.get("/style.css")
@public
async def style() -> Response:
    """The pages' one stylesheet; its address changes with it."""
    return Response(STYLE, headers=UNCHANGING, media_type="text/css")


@router.get("/icon.svg")
@public
async def icon() -> Response:
    """The pages' icon."""
    return Response(ICON, headers=UNCHANGING, media_type="image/svg+xml")


async def ask_for_password(request: Request, error: Exception) -> Response:
    """What a browser shows when no key was given."""
    assert isinstance(error, PasswordNeeded)
    if "text/html" not in request.headers.get("accept", ""):
        return error.response()
    answer = page("password.html", {"problem": error}, error.status)
    answer.headers.update(error.headers)
    return answer
