"""The web page as it is served: its addresses, its policy, its assets."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from takt.console.api.web import ADDRESSES

from ..conftest import Ground, House, house_of  # noqa: TID252 - the house of this folder

INDEX = """<!doctype html><html lang="en"><head>
<meta property="csp-nonce" nonce="__CSP_NONCE__" content="__CSP_NONCE__">
<script type="module" src="/assets/index-a1B2.js"></script></head><body></body></html>"""
SCRIPT = b"console.log('the page')"
GZIP = gzip.compress(SCRIPT, mtime=0)
BROTLI = b"the same, packed by the build"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "secret.txt").write_text("beside the assets")
    (assets / "index-a1B2.js").write_bytes(SCRIPT)
    (assets / "index-a1B2.js.gz").write_bytes(GZIP)
    (assets / "index-a1B2.js.br").write_bytes(BROTLI)
    (assets / "index-c3D4.css").write_bytes(b"body{}")
    (assets / "mark.woff2").write_bytes(b"wOF2")
    (assets / "strange.xyz").write_bytes(b"?")
    return tmp_path


@pytest_asyncio.fixture
async def visitor(ground: Ground, built: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a key, at a door whose page was built."""
    async with (
        house_of(ground, apart=False, static=built) as house,
        httpx.AsyncClient(base_url=house.url) as client,
    ):
        yield client


async def test_each_address_of_the_page_is_the_page_open_to_everyone(
    visitor: httpx.AsyncClient,
) -> None:
    assert len(ADDRESSES) == 6
    for address in ("/", "/sign-in", "/pipeline", "/forecast", "/deals/7", "/traces/0192-a"):
        answer = await visitor.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "/assets/index-a1B2.js" in answer.text
    for address in ("/deals", "/deals/7/8", "/sign-in/", "/index.html", "/static/index.html"):
        assert (await visitor.get(address)).status_code == 404, address


async def test_the_policy_admits_our_own_scripts_and_a_nonce_that_is_never_the_same(
    visitor: httpx.AsyncClient,
) -> None:
    nonces = set()
    for _ in range(3):
        answer = await visitor.get("/pipeline")
        assert "__CSP_NONCE__" not in answer.text
        [nonce] = set(re.findall(r'(?:nonce|content)="([^"]+)"', answer.text))
        assert len(nonce) >= 22, "at least 128 bits"
        nonces.add(nonce)
        assert answer.headers["content-security-policy"] == (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}';"
            " img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none';"
            " form-action 'self'; frame-ancestors 'none'"
        )
    assert len(nonces) == 3
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]


@pytest.mark.parametrize(
    ("accepted", "encoding", "bytes_sent"),
    [
        ("br, gzip", "br", BROTLI),
        ("gzip, br;q=0", "gzip", GZIP),
        ("identity", None, SCRIPT),
    ],
)
async def test_an_asset_comes_in_the_form_that_the_browser_takes(
    visitor: httpx.AsyncClient, accepted: str, encoding: str | None, bytes_sent: bytes
) -> None:
    headers = {"Accept-Encoding": accepted}
    async with visitor.stream("GET", "/assets/index-a1B2.js", headers=headers) as answer:
        body = b"".join([chunk async for chunk in answer.aiter_raw()])
    if encoding == "gzip":
        assert gzip.decompress(body) == SCRIPT
    else:
        assert body == bytes_sent
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_what_was_not_packed_comes_as_it_is_with_its_media_type(
    visitor: httpx.AsyncClient,
) -> None:
    for name, media_type in (
        ("index-c3D4.css", "text/css; charset=utf-8"),
        ("mark.woff2", "font/woff2"),
        ("strange.xyz", "application/octet-stream"),
    ):
        answer = await visitor.get(f"/assets/{name}")
        assert "content-encoding" not in answer.headers
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_there_is_no_way_out_of_the_assets(visitor: httpx.AsyncClient) -> None:
    for name in (
        "gone-a1.js",
        "index-a1B2.js.br",
        "%2e%2e%2fsecret.txt",
        "..%2fsecret.txt",
        "%2e%2e",
        ".hidden",
        "%00",
        "a%5cb",
        "",
    ):
        answer = await visitor.get(f"/assets/{name}")
        assert answer.status_code == 404, name
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["remedy"]


async def test_head_answers_what_get_would_without_a_body(visitor: httpx.AsyncClient) -> None:
    for path in ("/", "/deals/7", "/assets/index-a1B2.js"):
        head, get = await visitor.head(path), await visitor.get(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]
        assert head.headers["content-type"] == get.headers["content-type"]


async def test_where_the_page_was_not_built_the_door_says_so_and_the_rest_works(
    ground: Ground, tmp_path: Path
) -> None:
    async with house_of(ground, apart=False, static=tmp_path / "nothing") as house:
        async with httpx.AsyncClient(base_url=house.url) as client:
            shown = await client.get("/", headers={"Accept": "text/html,*/*"})
            said = await client.get("/deals/7")
            asset = await client.get("/assets/index-a1B2.js")
        assert (shown.status_code, said.status_code, asset.status_code) == (503, 503, 404)
        assert shown.headers["content-type"].startswith("text/html")
        assert "make setup" in shown.text
        assert "<script" not in shown.text
        assert said.json()["type"] == "urn:takt:problem:page-not-built"
        assert "make setup" in said.json()["remedy"]
        assert (await house.client.get("/status")).status_code == 200
        assert (await house.client.get("/v1/status")).status_code == 200


async def test_the_page_takes_no_noun_of_the_api_away(together: House) -> None:
    answer = await together.client.get("/v1/deals/echo")
    assert "path" in answer.text
