"""What a browser does of itself: keeps cookies, and says which page a request comes from."""

from types import TracebackType
from typing import Any

import httpx

from .conftest import House


class Browser:
    """A browser that shows the page of a house."""

    def __init__(self, house: House) -> None:
        self.port = house.url.rpartition(":")[2]
        self.client = httpx.AsyncClient(base_url=house.url)
        self.own = {"Sec-Fetch-Site": "same-origin", "Origin": house.url}

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.client.aclose()

    async def sign_in(self, **body: str) -> httpx.Response:
        return await self.write("POST", "/v1/session", json=body)

    async def get(self, path: str, **more: str) -> httpx.Response:
        return await self.client.get(path, headers={"Sec-Fetch-Site": "same-origin", **more})

    async def write(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, path, headers=self.own, **more)


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem that must have been answered."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"urn:takt:problem:{slug}"), problem
    return problem
