"""The way to the databases themselves, for verbs that need no running Takt."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from takt.standalone.commands.output import CommandError
from takt.standalone.home import Home, home_at

SECRETS = Path("/run/secrets")

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="TAKT_DATABASE",
        show_envvar=False,
        help="The administrator's URL of a given PostgreSQL. [TAKT_DATABASE]",
    ),
]


@contextmanager
def administrator(home: Path | None, database: str | None) -> Iterator[str]:
    """The administrator's URL of a given database, else of the home's own, started if need be.

    In compose the migrate container has it as a secret.
    """
    if given := database or setting("TAKT_DATABASE"):
        yield given
    else:
        with own(home_at(home)) as url:
            yield url


@contextmanager
def own(home: Home) -> Iterator[str]:
    """The administrator's URL of a home's own database, which is started where it does not run."""
    from takt.standalone.postgres import Postgres

    postgres = Postgres(home.postgres)
    if home.running() is not None:
        yield postgres.admin_url
        return
    if not postgres.data.exists():
        raise CommandError(
            f"There is no Takt in {home.path}.",
            "Start one with `takt up`, or name another home with --home, or a PostgreSQL with "
            "--database.",
        )
    with home.taken():
        postgres.start()
        try:
            yield postgres.admin_url
        finally:
            postgres.stop()


def setting(variable: str) -> str | None:
    """A setting from the environment, or from the file of its name in /run/secrets."""
    if text := os.environ.get(variable):
        return text
    file = SECRETS / variable.lower()
    return file.read_text().strip() if file.is_file() else None
