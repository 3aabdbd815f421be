"""`takt up`: everything in one process."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from takt.standalone.commands.output import CommandError


def up(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="The port of the door. [TAKT_PORT, or from 8700 on]"),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Where Takt keeps its data. [TAKT_HOME, ~/.takt]")
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep nothing: a temporary home.")
    ] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Begin without the demonstration company.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="The business time now; it ticks on.")
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(metavar="[ADDRESS]", help="Events over Kafka: one of our own, or HOST:PORT."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A given PostgreSQL, as its administrator. [TAKT_DATABASE]",
            envvar="TAKT_DATABASE",
            show_envvar=False,
        ),
    ] = None,
) -> None:
    """Start all of Takt on this machine, and keep it up until Ctrl-C."""
    if ephemeral and home is not None:
        raise CommandError(
            "--ephemeral keeps nothing and --home says where to keep it: they exclude each other.",
            "Leave one of them out.",
            2,
        )
    instant = read_instant(as_of) if as_of is not None else None

    from takt.standalone.greeting import Wishes
    from takt.standalone.up import up as bring_up

    bring_up(Wishes(port, home, ephemeral, empty, instant, kafka, database))


def read_instant(text: str) -> datetime:
    """An instant as people write it: a date (its beginning in UTC) or a time with its zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--as-of: {text!r} is no time.", "Write it as 2017-12-31 or 2017-12-31T09:00Z.", 2
        ) from None
    if instant.tzinfo is None:
        if len(text) > len("2017-12-31"):
            raise CommandError(
                f"--as-of: {text!r} has no time zone.", f"Add one, such as {text}Z.", 2
            )
        instant = instant.replace(tzinfo=UTC)
    return instant
