"""`takt dead-letters`: messages that could not be handled."""

from typing import Annotated, Any

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption, answer
from takt.standalone.commands.output import Format, Output, put, put_json, put_table, say

dead_letters = typer.Typer(
    name="dead-letters",
    help="Messages that could not be handled: show them, replay them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Letter = Annotated[str, typer.Argument(metavar="ID", help="As in the list, such as deals-7.")]


@dead_letters.command("list")
def list_(home: HomeOption = None, url: UrlOption = None, output: Output = Format.text) -> None:
    """Show what waits, the oldest first."""
    door = Door.find(home, url)
    letters: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = door.get("/v1/dead-letters", {"cursor": page["next"]} if page["next"] else {})
        letters += page["items"]
    for service in page["missing"]:
        say(f"{service} does not answer; its letters are not shown.")
    if output is Format.json:
        put_json(letters)
    elif letters:
        put_table(letters, ["id", "state", "type", "topic", "key", "attempts", "reason"])
    else:
        say("There are no dead letters.")


@dead_letters.command()
def show(
    letter: Letter,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Show one with its headers and what it holds."""
    found: dict[str, Any] = Door.find(home, url).get(f"/v1/dead-letters/{letter}")
    if output is Format.json:
        put_json(found)
        return
    for name, value in found.items():
        if name == "headers":
            for header, text in value.items():
                put(f"{header:18} {text}")
        elif name != "value":
            put(f"{name:18} {value}")
    put("")
    put(found["value"])


@dead_letters.command()
def replay(
    letter: Letter,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Handle one again once its cause is mended, and what waits behind it."""
    with Door.find(home, url).client() as client:
        handled = answer(client.post(f"/v1/dead-letters/{letter}/replay"))
    if output is Format.json:
        put_json(handled)
    else:
        say(f"Handled {len(handled)}: {', '.join(str(one['id']) for one in handled)}.")
