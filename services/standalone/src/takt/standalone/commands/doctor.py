"""`takt doctor`: look at each part, and say what to do about what is wrong."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption
from takt.standalone.commands.output import (
    FAILED,
    CommandError,
    Format,
    Output,
    put,
    put_json,
)
from takt.standalone.errors import StartError
from takt.standalone.home import VERSION, Home, home_at

LEAST_FREE_BYTES = 1_000_000_000
LEAST_PYTHON = (3, 11)
LATE_SECONDS = 60
LAGGING_EVENTS = 10_000


class Finding(NamedTuple):
    """What was looked at, whether it is well, what was seen, and what to do if it is not."""

    part: str
    well: bool
    seen: str
    remedy: str = ""


def doctor(home: HomeOption = None, url: UrlOption = None, output: Output = Format.text) -> None:
    """Check each part of Takt. Ends with 1 when something needs a remedy."""
    place = home_at(home)
    findings = [
        python(),
        postgres_programs(),
        java_programs(),
        *home_findings(place),
        *running_findings(home, url),
    ]
    if output is Format.json:
        put_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            put(f"{'ok  ' if finding.well else 'FAIL'}  {finding.part:18} {finding.seen}")
            if not finding.well:
                put(f"{'':6}{'':18}  -> {finding.remedy}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(FAILED)


def python() -> Finding:
    """Is this a Python that Takt knows?"""
    return Finding(
        "python",
        sys.version_info >= LEAST_PYTHON,
        f"{sys.version.split()[0]} at {sys.executable}",
        "Make the environment with Python 3.11 or newer: make PYTHON=python3.11 setup.",
    )


def postgres_programs() -> Finding:
    """Do the programs of our own PostgreSQL run on this machine?"""
    import subprocess

    from takt.standalone.postgres import reachable_programs

    try:
        program = reachable_programs(Path(), None) / "postgres"
        said = subprocess.run([program, "-V"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return Finding(
            "postgres programs",
            False,
            str(error),
            "Run `make setup` again, or give Takt a database: takt up --database URL.",
        )
    return Finding("postgres programs", True, said.stdout.strip())


def java_programs() -> Finding:
    """Is there what --kafka needs? Missing jars are no fault: they are fetched when needed."""
    from takt.standalone.jars import cache_folder, jars_of

    cache, jars = cache_folder(), jars_of()
    there = sum((cache / jar.file_name).exists() for jar in jars)
    seen = f"{there} of {len(jars)} programs in {cache}" if there else "not fetched yet"
    return Finding("kafka programs", True, f"{seen} (only --kafka needs them)")


def home_findings(home: Home) -> Iterator[Finding]:
    """The home, its disk and its key."""
    existing = next(path for path in (home.path, *home.path.parents) if path.exists())
    writable = os.access(existing, os.W_OK | os.X_OK)
    state = "not made yet" if existing != home.path else f"version {version_of(home)}"
    yield Finding(
        "home",
        writable and version_of(home) in (None, VERSION),
        f"{home.path}, {state}",
        "Let this user write there, or name another with --home (or TAKT_HOME)."
        if not writable
        else f"It is of another Takt; this one knows version {VERSION}.",
    )
    free = shutil.disk_usage(existing).free
    yield Finding(
        "disk",
        free >= LEAST_FREE_BYTES,
        f"{free / 1e9:.1f} GB free",
        f"Free some space on the disk of {existing}: 1 GB at least.",
    )
    if home.key_file.exists():
        mode = stat.S_IMODE(home.key_file.stat().st_mode)
        yield Finding(
            "key file",
            mode & 0o077 == 0,
            f"{home.key_file}, mode {mode:04o}",
            f"Others can read the key: chmod 600 {home.key_file}, then make a new one.",
        )


def version_of(home: Home) -> int | None:
    """The version of a home's layout, where there is one."""
    file = home.path / "version"
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def running_findings(home: Path | None, url: str | None) -> Iterator[Finding]:
    """The running Takt: its door and each service behind it."""
    try:
        door = Door.find(home, url)
        with door.client() as client:
            ready = client.get("/health/ready")
        yield Finding(
            "door",
            ready.is_success,
            f"{door.url} answers {ready.status_code}",
            "Look into its log, takt.log in the home.",
        )
        status = door.get("/v1/status")
    except (CommandError, StartError) as error:
        yield Finding("door", False, error.problem, error.remedy)
        return
    for service in status["services"]:
        yield service_finding(service)


def service_finding(service: dict[str, Any]) -> Finding:
    """One service: its lag, its outbox, its dead letters."""
    name = service["name"]
    if problem := service.get("problem"):
        return Finding(name, False, str(problem), f"Is it running? Look into the log of {name}.")
    lag = sum(consumer["lag"] or 0 for consumer in service["consumers"])
    waits = [
        consumer["waiting_for"] for consumer in service["consumers"] if consumer["waiting_for"]
    ]
    age = service["outbox_oldest_seconds"] or 0
    letters = service["dead_letters"]
    seen = f"lag {lag}, outbox {service['outbox_unsent']}, dead letters {letters}"
    if waits:
        return Finding(name, False, f"{seen}, waits for {waits[0]}", "Bring that back; it goes on.")
    if letters:
        return Finding(name, False, seen, "`takt dead-letters list` shows them and why.")
    if age > LATE_SECONDS:
        return Finding(name, False, f"{seen}, the oldest {age:.0f} s", "Does the log answer?")
    return Finding(
        name, lag <= LAGGING_EVENTS, seen, "It is behind; more CPU, or wait until it has caught up."
    )
