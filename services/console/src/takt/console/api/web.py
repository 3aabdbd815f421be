"""The web page: index.html at each of its addresses, and the assets it is made of.

Both are open to everyone: no data is in them, what they show is asked of /v1 by whoever signed in.
The build of `web/` writes them into `static/`: index.html, and assets/ with a hash in each name and
a .br and a .gz beside each file.
"""

import re
import secrets
from pathlib import Path
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from takt.common.auth import public
from takt.common.problems import NotFound, Problem
from takt.console.api.pages import UNCHANGING, page
from takt.console.domain.encoding import encoding_for

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parent.parent / "static"
ADDRESSES = ("/", "/sign-in", "/pipeline", "/forecast", "/deals/{id}", "/traces/{id}")
"""Where the page finds its own way; a deep link must lead to it."""

NONCE = "__CSP_NONCE__"
"""Stands in index.html where the page reads the nonce for the styles that it makes."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
FEATURES = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
SUFFIXES = {"br": ".br", "gzip": ".gz"}
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".map": "application/json",
    ".txt": "text/plain",
}
"""Not the machine's own table, which differs from one to the next."""


class PageNotBuilt(Problem):
    """The web page is not there."""

    status, slug = 503, "page-not-built"
    headers: ClassVar[dict[str, str]] = {"Cache-Control": "no-store"}


@public
def show_page(request: Request) -> HTMLResponse:
    """The page, the same at all of its addresses. Raises PageNotBuilt."""
    folder: Path = request.app.state.static
    try:
        html = (folder / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PageNotBuilt(
            "it is built when Takt is set up, and was not",
            remedy="run make setup and load it again; /status, /docs and the API work without it",
        ) from None
    nonce = secrets.token_urlsafe(16)
    headers = {
        "Content-Security-Policy": POLICY.format(nonce=nonce),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": FEATURES,
        # Other sites hear of no address; our own requests keep their Origin.
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html.replace(NONCE, nonce), headers=headers)


for address in ADDRESSES:
    router.add_api_route(address, show_page, methods=["GET", "HEAD"])


@router.api_route("/assets/{name}", methods=["GET", "HEAD"])
@public
def show_asset(request: Request, name: str) -> Response:
    """A file of the page, packed as the browser likes it. Its name changes with what is in it."""
    static: Path = request.app.state.static
    file = static / "assets" / name
    if NAME.fullmatch(name) is None or file.suffix in SUFFIXES.values() or not file.is_file():
        raise NotFound(
            "the page has no such file",
            field="name",
            value=name,
            remedy="load the page again: it was built anew since",
        )
    packed = {e: file.with_name(name + suffix) for e, suffix in SUFFIXES.items()}
    there = [encoding for encoding, one in packed.items() if one.is_file()]
    encoding = encoding_for(request.headers.get("accept-encoding", ""), there)
    headers = {**UNCHANGING, "Vary": "Accept-Encoding"}
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    return FileResponse(
        packed[encoding] if encoding else file,
        headers=headers,
        media_type=MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
    )


async def say_not_built(request: Request, error: Exception) -> Response:
    """What a browser shows where the page should be."""
    assert isinstance(error, PageNotBuilt)
    if "text/html" not in request.headers.get("accept", ""):
        return error.response()
    return page("not_built.html", {"problem": error}, error.status)
