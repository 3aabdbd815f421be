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
Children = Mapping[str | None, Sequence[Step]]

ALIKE_SHOWN = 3
"""Of steps of one type under one cause, so many are shown, and those that led to something."""


def trace(
    correlation_id: Annotated[
        str, typer.Argument(metavar="ID", help="A correlation id, as an answer or an event has it.")
    ],
    whole: Annotated[
        bool, typer.Option("--whole", help="Every step, however many are alike.")
    ] = False,
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
    for line in tree(found["steps"], None if whole else ALIKE_SHOWN):
        put(line)


def tree(steps: Sequence[Step], alike_shown: int | None = None) -> Iterator[str]:
    """The steps as an indented tree, in the order of time.

    A step with several causes stands under the latest of them, since nothing earlier could have set
    it off; the others are counted behind it.

    Args:
        steps: in any order.
        alike_shown: how many of the same type are shown under one cause; None for all.
    """
    ordered = sorted(steps, key=lambda step: (instant(step), step["id"]))
    place = {step["id"]: number for number, step in enumerate(ordered)}
    children: dict[str | None, list[Step]] = defaultdict(list)
    for step in ordered:
        known = [cause for cause in step["causes"] if cause in place]
        children[max(known, key=lambda cause: place[cause]) if known else None].append(step)
    yield from branch(children, None, "", instant(ordered[0]), alike_shown)


def branch(
    children: Children, parent: str | None, indent: str, start: datetime, alike_shown: int | None
) -> Iterator[str]:
    """The steps below a parent, each followed by its own."""
    below, hidden = shortened(children, parent, alike_shown)
    for number, step in enumerate(below):
        last = number == len(below) - 1 and not hidden
        joint = "" if parent is None else ("└─ " if last else "├─ ")
        milliseconds = (instant(step) - start).total_seconds() * 1000
        others = len(step["causes"]) - 1
        more = f" and {others} more {'cause' if others == 1 else 'causes'}" if others > 0 else ""
        yield (
            f"{dim(f'{milliseconds:8.1f} ms')}  {dim(indent + joint)}{bold(step['type'])}"
            f" {step['subject']} {dim(step['service'] + more)}"
        )
        deeper = indent if parent is None else indent + ("   " if last else "│  ")
        yield from branch(children, step["id"], deeper, start, alike_shown)
    for number, (kind, times) in enumerate(hidden.items()):
        joint = "" if parent is None else ("└─ " if number == len(hidden) - 1 else "├─ ")
        yield f"{'':11}  {dim(f'{indent}{joint}and {times} more {kind}')}"


def shortened(
    children: Children, parent: str | None, alike_shown: int | None
) -> tuple[list[Step], dict[str, int]]:
    """The steps below a parent that are shown, and how many of each type are not.

    Those that led to something stay, whatever their number.
    """
    shown: list[Step] = []
    hidden: dict[str, int] = {}
    alike: dict[str, int] = defaultdict(int)
    for step in children.get(parent, ()):
        alike[step["type"]] += 1
        if alike_shown is None or alike[step["type"]] <= alike_shown or children.get(step["id"]):
            shown.append(step)
        else:
            hidden[step["type"]] = hidden.get(step["type"], 0) + 1
    return shown, hidden


def instant(step: Step) -> datetime:
    """When a step was taken."""
    return datetime.fromisoformat(step["time"])
