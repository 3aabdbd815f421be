"""The way from a verb to the running Takt: its address, its key, and what it answers."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.output import NOT_RUNNING, CommandError
from takt.standalone.home import home_at

if TYPE_CHECKING:
    import httpx

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The home of Takt. [TAKT_HOME, ~/.takt]")
]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="A Takt elsewhere; its key in TAKT_KEY. [TAKT_URL]")
]


@dataclass(frozen=True)
class Door:
    """Where Takt answers, and the key that opens it."""

    url: str
    key: str

    @classmethod
    def find(cls, home: Path | None, url: str | None) -> "Door":
        """The Takt that was named, or the one that runs in the home.

        Raises: CommandError: none runs there, or its key cannot be read.
        """
        address = url or os.environ.get("TAKT_URL")
        place = home_at(home)
        if address is None:
            running = place.running()
            if running is None:
                raise CommandError(
                    f"No Takt runs in {place.path}.",
                    "Start it with `takt up`, or name another with --home or --url.",
                    NOT_RUNNING,
                )
            address = running.url
        key = os.environ.get("TAKT_KEY")
        if key is None:
            try:
                key = place.key_file.read_text().strip()
            except OSError as error:
                raise CommandError(
                    f"The key in {place.key_file} cannot be read: {error.strerror}.",
                    "Give a key in TAKT_KEY, or be the user who started Takt.",
                ) from error
        return cls(address.rstrip("/"), key)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.key}"}

    @contextlib.contextmanager
    def client(self, timeout_seconds: float | None = 30) -> Iterator["httpx.Client"]:
        """A client for several requests; a lost connection becomes a CommandError."""
        import httpx

        timeout = httpx.Timeout(10, read=timeout_seconds)
        try:
            with httpx.Client(base_url=self.url, headers=self.headers, timeout=timeout) as client:
                yield client
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """What the door answers to a GET, as JSON. Raises CommandError with its problem."""
        with self.client() as client:
            return answer(client.get(path, params=params))


def unreachable(url: str, error: Exception) -> CommandError:
    """The error for a Takt that does not answer."""
    return CommandError(
        f"Takt at {url} does not answer: {error or type(error).__name__}.",
        "Is it running? `takt doctor` looks at each part.",
        NOT_RUNNING,
    )


def answer(response: "httpx.Response") -> Any:
    """The JSON of an answer; a problem becomes a CommandError in its own words."""
    if response.is_success:
        return response.json() if response.content else None
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    said = problem.get("detail") or problem.get("title") or response.reason_phrase
    field = problem.get("field")
    where = f"{field}: " if field and not said.startswith(f"{field}:") else ""
    value = f" (got {problem['value']!r})" if problem.get("value") is not None else ""
    raise CommandError(
        f"{where}{said}{value} [{response.status_code}]", str(problem.get("remedy") or "")
    )
