"""The contracts: examples fit their schemas, files fit the classes, schemas only grow."""

import copy
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from takt.common.contracts import export
from takt.common.contracts.compatibility import breaks
from takt.common.contracts.deals import Part
from takt.common.contracts.topics import TOPICS
from takt.common.event import Cause, Envelope, Event, decode, new_id

Schema = dict[str, Any]
EVENTS = export.events()


def parts(of: type[Part] = Part) -> list[type[Part]]:
    return [found for sub in of.__subclasses__() for found in (sub, *parts(sub))]


# Values that fit every field of their type: a code is a name, a currency is a code.
st.register_type_strategy(Decimal, st.decimals("0.000001", 1, places=6))
st.register_type_strategy(str, st.text("ABCDEFG", min_size=3, max_size=3))
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(int, st.integers(0, 2**31))
for part in parts():
    every = {name: ... for name in part.model_fields}
    st.register_type_strategy(part, st.builds(part, **every))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Ignoring unsupported")  # limits, which our values all keep
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event_type)
def test_examples_fit_their_schema_and_come_back_as_they_were(event: type[Event]) -> None:
    schema = export.schema(event)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    every: Any = {name: ... for name in event.model_fields}

    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.builds(event, **every))
    def fit(example: Event) -> None:
        envelope = Envelope(example, new_id(), datetime.now(UTC), Cause.start(), "/test")
        validator.validate(json.loads(envelope.body()))
        assert decode(envelope.headers(), envelope.body().encode(), "test") == envelope
        assert example.subject
        assert example.key

    fit()


def test_every_event_lies_on_a_declared_topic_and_every_topic_carries_one() -> None:
    assert {event.topic for event in EVENTS} == {topic.name for topic in TOPICS}


def test_the_committed_files_are_as_the_classes_say() -> None:
    folder = Path(__file__).parents[3] / export.FOLDER
    assert export.outdated(folder) == [], "run make contracts"


def test_the_asyncapi_document_names_every_message_once_on_its_channel() -> None:
    document = export.asyncapi()
    for event in EVENTS:
        reference = {"$ref": f"#/components/messages/{event.event_type}"}
        assert document["channels"][event.topic]["messages"][event.event_type] == reference
        payload = document["components"]["messages"][event.event_type]["payload"]["$ref"]
        assert payload == f"schemas/{event.event_type}.json"


def test_the_yaml_reads_as_what_was_written() -> None:
    lines = list(export._yaml({"a": {"b.c": [1, "x: y"], "$ref": "#/q"}, "e": [], "f": [{"g": 2}]}))
    assert lines == [
        "a:", "  b.c:", "    - 1", '    - "x: y"', '  "$ref": "#/q"', "e: []", "f:", "  -",
        "    g: 2",
    ]  # fmt: skip


BEFORE: Schema = {
    "$defs": {
        "Line": {
            "type": "object",
            "properties": {"product": {"type": "string", "maxLength": 100}},
            "required": ["product"],
        }
    },
    "type": "object",
    "description": "A sale.",
    "properties": {
        "status": {"enum": ["open", "won"], "type": "string"},
        "kind": {"const": "sale"},
        "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "default": []},
        "main": {"$ref": "#/$defs/Line"},
    },
    "required": ["status", "kind", "main"],
    "x-topic": "takt.sales.v1",
}


def edited(change: Callable[[Schema], object]) -> Schema:
    after = copy.deepcopy(BEFORE)
    change(after)
    return after


NEW = {"type": "string", "default": "x"}

ALLOWED: dict[str, Callable[[Schema], object]] = {
    "nothing": lambda s: None,
    "a field with a default": lambda s: s["properties"].update(note=NEW),
    "a field inside": lambda s: s["$defs"]["Line"]["properties"].update(note=NEW),
    "other words": lambda s: s.update(description="Something sold.", title="Sale"),
    "another definition": lambda s: s["$defs"].update(Extra={"type": "object"}),
}
FORBIDDEN: dict[str, tuple[Callable[[Schema], object], str]] = {
    "a field removed": (lambda s: s["properties"].pop("due"), "due was removed"),
    "a field renamed": (
        lambda s: s["properties"].update(until=s["properties"].pop("due")),
        "due was removed (or renamed)",
    ),
    "a field removed inside": (
        lambda s: s["$defs"]["Line"]["properties"].pop("product"),
        "main.product was removed",
    ),
    "a field without a default": (
        lambda s: (s["properties"].update(note={"type": "string"}), s["required"].append("note")),
        "note is new without a default",
    ),
    "newly required": (lambda s: s["required"].append("due"), "due is now required"),
    "no longer required": (lambda s: s["required"].remove("main"), "main is no longer required"),
    "another type": (
        lambda s: s["properties"]["lines"].update(type="object"),
        "lines: type was 'array', now 'object'",
    ),
    "another type inside": (
        lambda s: s["$defs"]["Line"]["properties"]["product"].update(type="integer"),
        "lines[].product: type was 'string', now 'integer'",
    ),
    "narrowed": (
        lambda s: s["$defs"]["Line"]["properties"]["product"].update(maxLength=50),
        "main.product: maxLength was 100, now 50",
    ),
    "widened": (
        lambda s: s["$defs"]["Line"]["properties"]["product"].pop("maxLength"),
        "main.product: maxLength was 100, now not limited",
    ),
    "no longer null": (
        lambda s: s["properties"].update(due={"type": "string", "format": "date"}),
        "due: was string or null, now string",
    ),
    "a value removed": (
        lambda s: s["properties"]["status"].update(enum=["open"]),
        "status: the value 'won' was removed",
    ),
    "a value added": (
        lambda s: s["properties"]["status"]["enum"].append("lost"),
        "status: the value 'lost' is new",
    ),
    "values no longer listed": (
        lambda s: s["properties"]["status"].pop("enum"),
        "status: its values are no longer listed",
    ),
    "a constant changed": (
        lambda s: s["properties"]["kind"].update(const="return"),
        "kind: the value 'sale' was removed",
    ),
    "another topic": (
        lambda s: s.update({"x-topic": "takt.deals.v1"}),
        "the event: x-topic was 'takt.sales.v1'",
    ),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=list(ALLOWED))
def test_an_addition_is_accepted(change: Callable[[Schema], object]) -> None:
    assert breaks(BEFORE, edited(change)) == []


@pytest.mark.parametrize(("change", "reason"), FORBIDDEN.values(), ids=list(FORBIDDEN))
def test_a_break_is_refused_and_named(change: Callable[[Schema], object], reason: str) -> None:
    found = breaks(BEFORE, edited(change))
    assert any(line.startswith(reason) for line in found), found


def test_an_event_that_is_removed_is_refused() -> None:
    assert export.incompatible({"takt.gone.v1": {}}) == [
        "takt.gone.v1: the event was removed: others still read or send it"
    ]


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> Schema:
    """Schemas of objects, as the event classes make them."""
    scalar = st.sampled_from(
        [{"type": "string"}, {"type": "integer", "minimum": 0}, {"enum": ["a", "b"]}]
    )
    inside = scalar if depth == 0 else st.one_of(scalar, objects(depth - 1))
    names = draw(st.sets(st.sampled_from("abcdef"), min_size=1))
    properties = {name: draw(inside) for name in sorted(names)}
    required = [name for name in sorted(names) if draw(st.booleans())]
    return {"type": "object", "properties": properties, "required": required}


@given(objects(), st.data())
def test_whatever_is_added_with_a_default_is_accepted_and_its_removal_refused(
    before: Schema, data: st.DataObject
) -> None:
    assert breaks(before, before) == []
    after = copy.deepcopy(before)
    place = after
    while (deeper := [p for p in place["properties"].values() if "properties" in p]) and data.draw(
        st.booleans()
    ):
        place = data.draw(st.sampled_from(deeper))
    place["properties"]["added"] = {"type": "string", "default": ""}
    assert breaks(before, after) == []
    assert breaks(after, before) != []
    place["required"].append("added")
    assert breaks(before, after) != []


def test_the_check_compares_with_the_last_commit_and_then_with_the_last_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    me = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *me, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "begin")
    assert export.main(["--check"]) == 1, "nothing is written yet"
    assert export.main([]) == 0
    assert export.main(["--check"]) == 0
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "v1")
    path = export.FOLDER / "schemas" / "takt.deal.won.v1.json"
    older = json.loads(path.read_text())
    older["properties"]["gone"] = {"type": "string"}
    path.write_text(json.dumps(older))
    assert export.main(["--check"]) == 1
    assert "takt.deal.won.v1.json is not as the classes say" in capsys.readouterr().err
    git("commit", "-q", "-a", "-m", "older")
    export.main([])
    assert export.main(["--check"]) == 0, "the release did not have it"
    git("tag", "-d", "v1")
    assert export.main(["--check"]) == 1
    assert "HEAD: takt.deal.won.v1: gone was removed" in capsys.readouterr().err
