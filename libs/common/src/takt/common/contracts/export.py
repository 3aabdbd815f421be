"""The contracts as files, generated from the classes: `python -m takt.common.contracts.export`.

    schemas/<type>.json   a JSON Schema of each event's body
    asyncapi.yaml         AsyncAPI 3: topics, messages, headers
    README.md             the events on one page

With `--check` nothing is written: it fails when a file differs from the classes, and when a schema
may not follow the one that was committed last (of the last release where there is one).
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from takt.common import contracts
from takt.common.contracts.compatibility import breaks
from takt.common.contracts.topics import TOPICS, Topic
from takt.common.event import Event

FOLDER = Path("docs/events")
DIALECT = "https://json-schema.org/draft/2020-12/schema"

HEADERS: dict[str, str] = {
    "ce_specversion": "1.0",
    "ce_id": "The event's id, a UUIDv7: a repeat has the same.",
    "ce_source": "Who says it, such as /takt/deals.",
    "ce_type": "The event's type.",
    "ce_subject": "What it happened to.",
    "ce_time": "When it was said, RFC 3339 in UTC.",
    "ce_sequence": "Counts the changes of the subject.",
    "ce_correlations": "The chains that it belongs to, comma-separated, at most 64.",
    "ce_morecorrelations": "How many chains more; absent when there are none.",
    "ce_causes": "The ids of the events that led to it, comma-separated; all of them.",
    "content-type": "application/json",
    "traceparent": "W3C trace context, of the first chain.",
}


def events() -> list[type[Event]]:
    """Every public event, by type."""
    modules = {f"{contracts.__name__}.{name}" for name in contracts.__all__}
    return [e for _, e in sorted(Event.types.items()) if e.__module__ in modules]


def schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's body, as it is written."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:takt:event:{event.event_type}",
        **event.model_json_schema(mode="serialization"),
        "x-topic": event.topic,
    }


def when(event: type[Event]) -> str:
    """The first paragraph of the class's docstring."""
    return " ".join((event.__doc__ or "").strip().split("\n\n")[0].split())


def files() -> dict[str, str]:
    """Name and content of every generated file."""
    generated = {
        f"schemas/{event.event_type}.json": json.dumps(schema(event), indent=2) + "\n"
        for event in events()
    }
    generated["asyncapi.yaml"] = "\n".join(_yaml(asyncapi())) + "\n"
    generated["README.md"] = readme()
    return generated


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document."""
    by_topic = {t.name: [e for e in events() if e.topic == t.name] for t in TOPICS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Takt",
            "version": "1",
            "description": (
                "The facts that Takt's services tell each other, and what other systems tell them."
                " CloudEvents 1.0 in binary mode: attributes as headers, the body as plain JSON."
                " Fields are added, never removed: readers ignore what they do not know."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {t.name: _channel(t, by_topic[t.name]) for t in TOPICS},
        "operations": {
            f"{'receive' if t.owner == 'outside' else 'send'}.{t.name}": {
                "action": "receive" if t.owner == "outside" else "send",
                "channel": {"$ref": f"#/channels/{t.name}"},
                "summary": f"By {t.owner.replace('_', ' ')}."
                if t.owner != "outside"
                else "Other systems write here.",
            }
            for t in TOPICS
        },
        "components": {
            "messages": {event.event_type: _message(event) for event in events()},
            "messageTraits": {
                "cloudEvent": {
                    "headers": {
                        "type": "object",
                        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
                        "properties": {
                            name: {"type": "string", "description": text}
                            for name, text in HEADERS.items()
                        },
                    }
                }
            },
        },
    }


def _channel(topic: Topic, carried: list[type[Event]]) -> dict[str, Any]:
    policy: dict[str, Any] = {"cleanup.policy": ["compact"]}
    if not topic.compacted:
        policy = {"cleanup.policy": ["delete"], "retention.ms": 30 * 86_400_000}
    return {
        "address": topic.name,
        "description": f"Keyed by {topic.keyed_by}, which keeps it in order.",
        "messages": {
            event.event_type: {"$ref": f"#/components/messages/{event.event_type}"}
            for event in carried
        },
        "bindings": {
            "kafka": {"partitions": topic.partitions, "topicConfiguration": policy},
        },
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.event_type,
        "title": event.__name__,
        "summary": when(event),
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"schemas/{event.event_type}.json"},
    }


def readme() -> str:
    """The events on one page."""
    lines = [
        "# Events",
        "",
        "Generated by `make contracts` from the classes in `takt.common.contracts`.",
        "Bodies: `schemas/`; topics, headers and messages: `asyncapi.yaml`.",
        "",
        "| type | topic | key | when |",
        "|---|---|---|---|",
    ]
    keys = {topic.name: topic.keyed_by for topic in TOPICS}
    order = [topic.name for topic in TOPICS]
    for event in sorted(events(), key=lambda e: (order.index(e.topic), e.event_type)):
        name = event.event_type
        row = (f"[`{name}`](schemas/{name}.json)", f"`{event.topic}`", keys[event.topic])
        lines.append(f"| {' | '.join(row)} | {when(event)} |")
    return "\n".join(lines) + "\n"


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """A value in YAML's block style; scalars as JSON, which YAML includes."""
    pairs: list[tuple[str, Any]]
    if isinstance(value, Mapping):
        pairs = [(f"{_plain(key)}:", inside) for key, inside in value.items()]
    else:
        pairs = [("-", inside) for inside in value]
    for mark, inside in pairs:
        if isinstance(inside, Mapping | list) and inside:
            yield f"{indent}{mark}"
            yield from _yaml(inside, indent + "  ")
        else:
            yield f"{indent}{mark} {json.dumps(inside, ensure_ascii=False)}"


def _plain(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][\w.-]*", key) else json.dumps(key)


def outdated(folder: Path) -> list[str]:
    """Files that are not as the classes say, or stand for no class any more."""
    generated = files()
    found = {
        name
        for name, content in generated.items()
        if not (folder / name).is_file() or (folder / name).read_text() != content
    }
    found |= {
        f"schemas/{path.name}"
        for path in (folder / "schemas").glob("*.json")
        if f"schemas/{path.name}" not in generated
    }
    return sorted(found)


def incompatible(committed: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What of the classes may not follow these schemas (event type to schema)."""
    now = {event.event_type: schema(event) for event in events()}
    found = []
    for name, before in sorted(committed.items()):
        if name not in now:
            found.append(f"{name}: the event was removed: others still read or send it")
            continue
        found += [f"{name}: {reason}" for reason in breaks(before, now[name])]
    return found


def committed_schemas(folder: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """The schemas of the last release, else of the last commit; with the name of where they are.

    Raises:
        OSError: git is not there.
        subprocess.CalledProcessError: this is no checkout.
    """

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    try:
        at = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*").strip()
    except subprocess.CalledProcessError:
        at = "HEAD"
    place = f"{at}:./{folder.as_posix()}/schemas"
    try:
        names = git("show", place).split()
    except subprocess.CalledProcessError:
        git("rev-parse", at)  # no checkout at all is an error, no schemas yet is none
        return at, {}
    found = {
        name.removesuffix(".json"): json.loads(git("show", f"{place}/{name}"))
        for name in names
        if name.endswith(".json")
    }
    return at, found


def write(folder: Path) -> list[str]:
    """Bring the files up to date; returns the names of those that changed."""
    changed, generated = outdated(folder), files()
    for name in changed:
        path = folder / name
        if name in generated:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(generated[name])
        else:
            path.unlink()
    return changed


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="takt.common.contracts.export", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on differences")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    at, committed = committed_schemas(options.folder)
    wrong = [f"incompatible with {at}: {reason}" for reason in incompatible(committed)]
    if options.check:
        stale = outdated(options.folder)
        wrong += [f"{options.folder / name} is not as the classes say" for name in stale]
        if stale:
            wrong.append("run make contracts, look at what changed, and commit it")
    else:
        for name in write(options.folder):
            sys.stdout.write(f"wrote {options.folder / name}\n")
    for line in wrong:
        sys.stderr.write(line + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
