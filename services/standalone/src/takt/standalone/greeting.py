"""What was asked of `takt up`, and what a person is told once it is there."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from takt.common.clock import Clock
from takt.standalone.home import Home
from takt.standalone.provision import without_password


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line."""

    port: int | None = None
    home: Path | None = None
    ephemeral: bool = False
    empty: bool = False
    as_of: datetime | None = None
    kafka: str | None = None
    database: str | None = None


def banner(wishes: Wishes, home: Home, url: str, link: str, events: str, clock: Clock) -> str:
    """What a person needs to know once Takt is up.

    Args:
        wishes: what was asked for.
        home: where it runs.
        url: of the door.
        link: that signs a browser in.
        events: where they lie.
        clock: business time.
    """
    kept = "temporary: gone when Takt ends" if wishes.ephemeral else "kept for the next start"
    where = (
        f"{without_password(wishes.database)} (a given PostgreSQL)"
        if wishes.database
        else f"{home.path} ({kept})"
    )
    lines = [
        f"Takt is ready at {url}",
        f"  open     {link} (once, within ten minutes; then: takt open)",
        f"  API      {url}/docs",
        f"  key      in {home.key_file}, readable by you alone",
        f"  data     {where}",
        f"  events   {events}",
        f"  log      {home.log}",
    ]
    if wishes.as_of is not None:
        lines.append(f"  time     it is {clock.now():%Y-%m-%d %H:%M} UTC for Takt, and ticking")
    lines.append("  Made for one machine and one person, not for production. Ctrl-C ends it.")
    return "\n".join(lines)
