"""`takt tail`: the events as they happen."""

import json
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption, answer
from takt.standalone.commands.output import Format, bold, dim, put, say

Types = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TYPE]...", help="Only these, such as takt.deal.won.v1 or takt.deal.*"),
]

RECONNECT_SECONDS = 1


def tail(
    types: Types = None,
    after: Annotated[
        str | None, typer.Option(help="Go on after this cursor instead of from now.")
    ] = None,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Annotated[
        Format | None,
        typer.Option("--output", "-o", help="text, or json: a document a line (when piped)."),
    ] = None,
) -> None:
    """Show events as they happen, until Ctrl-C."""
    door = Door.find(home, url)
    terminal = sys.stdout.isatty()
    form = output or (Format.text if terminal else Format.json)
    wanted = {"type": types or []}
    say(f"Following {', '.join(types) if types else 'every event'} at {door.url}; Ctrl-C ends it.")
    with door.client(timeout_seconds=None) as client:
        while True:
            place = {"after": after} if after else {}
            with client.stream("GET", "/v1/events", params={**wanted, **place}) as stream:
                if not stream.is_success:
                    stream.read()
                    answer(stream)
                for line in filter(None, stream.iter_lines()):
                    event = json.loads(line)
                    after = event["cursor"]
                    if "end" in event:
                        say(f"The stream ended: {event['end']}.")
                    else:
                        put(line if form is Format.json else in_words(event))
            time.sleep(RECONNECT_SECONDS)


def in_words(event: Mapping[str, Any]) -> str:
    """An event as a line for a person."""
    at = datetime.fromisoformat(event["time"]).astimezone()
    chain = (event.get("correlations") or ["-"])[0]
    return (
        f"{dim(f'{at:%H:%M:%S.%f}'[:-3])} {bold(event['type']):40} {event['subject']}"
        f" {dim(f'chain {chain}')}"
    )
