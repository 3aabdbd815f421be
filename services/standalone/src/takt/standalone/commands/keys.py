"""`takt keys`: make, show and revoke API keys. They lie in the database; Takt need not run."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.administrator import DatabaseOption, administrator
from takt.standalone.commands.door import HomeOption
from takt.standalone.commands.output import (
    CommandError,
    Format,
    Output,
    put,
    put_json,
    put_table,
    say,
)

if TYPE_CHECKING:
    import asyncpg

    from takt.standalone.access import Key

keys = typer.Typer(
    name="keys", help="Make, show and revoke API keys.", no_args_is_help=True, rich_markup_mode=None
)


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it opens, such as deals:read; repeat for several."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="After how many days it expires.")
    ] = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    output: Output = Format.text,
) -> None:
    """Make a key. It is shown once, on stdout."""
    from takt.common.auth import SCOPES

    if not scope:
        known = "\n".join(f"  {known:16} {meaning}" for known, meaning in SCOPES.items())
        raise CommandError("A key needs a scope: --scope NAME.", f"There are\n{known}", 2)
    if unknown := sorted(set(scope) - set(SCOPES)):
        raise CommandError(
            f"--scope: there is no scope {unknown[0]!r}.", f"There are {', '.join(SCOPES)}.", 2
        )
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None

    async def work(access: "asyncpg.Connection") -> tuple[str, "Key"]:
        from takt.standalone.access import create_key

        return await create_key(access, name, scope, expires_at)

    text, key = run(home, database, work)
    if output is Format.json:
        put_json({**key._asdict(), "key": text})
    else:
        put(text)
        say("This is the only time that the key is shown.")


@keys.command("list")
def list_(
    home: HomeOption = None, database: DatabaseOption = None, output: Output = Format.text
) -> None:
    """Show the keys, without their secrets."""
    from takt.standalone.access import list_keys

    rows = [key._asdict() for key in run(home, database, list_keys)]
    if output is Format.json:
        put_json(rows)
    else:
        put_table(rows, ["name", "prefix", "scopes", "created_at", "expires_at", "revoked_at"])


@keys.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix, as `takt keys list` shows it.")],
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """End a key. Services notice within five seconds."""

    async def work(access: "asyncpg.Connection") -> bool:
        from takt.standalone.access import revoke_key

        return await revoke_key(access, prefix)

    if not run(home, database, work):
        raise CommandError(
            f"There is no key {prefix!r} that could be revoked.", "`takt keys list` shows them."
        )
    say(f"The key {prefix} opens nothing any more.")


def run(
    home: Path | None, database: str | None, work: Callable[["asyncpg.Connection"], Awaitable[Any]]
) -> Any:
    """Do some work on the database of the keys."""
    import asyncio

    async def connected(url: str) -> Any:
        from takt.standalone.provision import ACCESS, at_database, connect

        connection = await connect(at_database(url, ACCESS))
        try:
            return await work(connection)
        finally:
            await connection.close()

    with administrator(home, database) as url:
        return asyncio.run(connected(url))
