"""`takt trace`: what one thing set in motion, as a tree with milliseconds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from takt.standalone.commands.door import Door, HomeOption, UrlOption
from takt.standalone.commands.output import (
    CommandError,
    Format,
    Output,
    bold,
    dim,
    put,
    put_json,
)

Step = Mapping[str, Any]


def trace(
    correlation_id: Annotated[
        str, typer.Argument(metavar="ID", help="A correlation id, as an answer or an event has it.")
    ],
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Show the chain of events under a correlation id, with its delays."""
    found = Door.find(home, url).get(f"/v1/traces/{correlation_id}")
    if output is Format.json:
        put_json(found)
        return
    if not found["steps"]:
        raise CommandError(
            f"Nothing is known under {correlation_id}.",
            "Chains are kept for eight days; `takt tail` shows the ids of new ones.",
        )
    for line in tree(found["steps"]):
        put(line)


def tree(steps: Sequence[Step]) -> Iterator[str]:
    """The steps as an indented tree, in the order of time.

    A step with several causes stands under the latest of them, since nothing earlier could have set
    it off; the others are counted behind it.
    """
    ordered = sorted(steps, key=lambda step: (instant(step), step["id"]))
    place = {step["id"]: number for number, step in enumerate(ordered)}
    children: dict[str | None, list[Step]] = defaultdict(list)
    for step in ordered:
        known = [cause for cause in step["causes"] if cause in place]
        children[max(known, key=lambda cause: place[cause]) if known else None].append(step)
    start = instant(ordered[0])
    yield from branch(children, None, "", start)


def branch(
    children: Mapping[str | None, Sequence[Step]], parent: str | None, indent: str, start: datetime
) -> Iterator[str]:
    """The steps below a parent, each followed by its own."""
    below = children.get(parent, ())
    for number, step in enumerate(below):
        last = number == len(below) - 1
        joint = "" if parent is None else ("└─ " if last else "├─ ")
        milliseconds = (instant(step) - start).total_seconds() * 1000
        others = len(step["causes"]) - 1
        more = f" and {others} more causes" if others > 0 else ""
        yield (
            f"{dim(f'{milliseconds:8.1f} ms')}  {dim(indent + joint)}{bold(step['type'])}"
            f" {step['subject']} {dim(step['service'] + more)}"
        )
        deeper = indent if parent is None else indent + ("   " if last else "│  ")
        yield from branch(children, step["id"], deeper, start)


def instant(step: Step) -> datetime:
    """When a step was taken."""
    return datetime.fromisoformat(step["time"])
