"""`takt open`: the page in a browser, signed in by a link that works once."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from takt.standalone.commands.administrator import DatabaseOption
from takt.standalone.commands.door import Door, HomeOption
from takt.standalone.commands.keys import run
from takt.standalone.commands.output import CommandError, put, say

if TYPE_CHECKING:
    import asyncpg


def open_(
    print_: Annotated[
        bool, typer.Option("--print", help="Only write the link, for a browser elsewhere.")
    ] = False,
    home: HomeOption = None,
    database: DatabaseOption = None,
) -> None:
    """Open the page in a browser, signed in with the home's own key."""
    from takt.standalone.access import create_ticket, sign_in_link

    door = Door.find(home, None)

    async def work(access: "asyncpg.Connection") -> str:
        try:
            return await create_ticket(access, door.key)
        except ValueError as error:
            raise CommandError(
                "The key of the home is not known to its database.",
                "Start `takt up` again: it makes a new one. Or sign in with a key of your own.",
            ) from error

    link = sign_in_link(door.url, run(home, database, work))
    if print_ or not shown(link):
        put(link)
        say("It signs in once, within ten minutes.")


def shown(link: str) -> bool:
    """Whether a browser with windows was there and has taken the link.

    One that lives in the terminal, which Python would take next, could not show the page.
    """
    import webbrowser

    windows = {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys()
    if sys.platform.startswith("linux") and not windows:
        return False
    return webbrowser.open(link)
