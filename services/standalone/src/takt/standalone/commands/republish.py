"""`takt republish`: say again what was said since a time, after the log was lost."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

import typer

from takt.standalone.commands.administrator import DatabaseOption, administrator
from takt.standalone.commands.door import HomeOption
from takt.standalone.commands.output import CommandError, put_table


def republish(
    since: Annotated[str, typer.Option("--since", help="From when on, such as 2026-11-23T08:00Z.")],
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """Publish again what services said since a time: the log was lost, or restored from before.

    What consumers had already does nothing twice. Services keep what they said for eight days; the
    last state of each product, region, team, deal's demand, forecast, plan and the cash for good.
    """
    import asyncio

    with administrator(home, database) as url:
        rows = asyncio.run(queue_again(url, instant(since)))
    put_table(rows, ["part", "queued"])


async def queue_again(admin_url: str, since: datetime) -> list[dict[str, str]]:
    """Queue every part's events; how many each has to publish now."""
    from takt.common import outbox
    from takt.common.db import Database
    from takt.standalone.provision import at_database
    from takt.standalone.services import parts

    rows = []
    for part in parts():
        place = at_database(admin_url, part.database)
        database = Database(part.name, place, schema=part.schema)
        try:
            async with database.transaction() as tx:
                queued = await outbox.republish(tx, since)
        finally:
            await database.close()
        rows.append({"part": part.name, "queued": str(queued)})
    return rows


def instant(text: str) -> datetime:
    """A time with its zone. Raises CommandError."""
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    raise CommandError(
        f"--since: {text!r} is no time with a zone.", "Write it as 2026-11-23T08:00Z.", 2
    )
