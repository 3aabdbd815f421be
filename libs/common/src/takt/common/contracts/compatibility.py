"""May a schema follow another? Older readers read newer events, and newer readers older ones.

A field may be added with a default. Of what is there nothing is removed, renamed or made required,
and its type, limits and values stay as they are: wider ones are refused by older readers, narrower
ones leave older events unreadable. What must differ gets a new field, or a new event type.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

WORDS = frozenset({"title", "description", "default", "examples", "$id", "$schema", "$defs"})
"""What may change freely: it is for people, or a reader's own business."""


def breaks(before: Schema, after: Schema) -> list[str]:
    """Why `after` may not follow `before`: one line for each break, naming its field."""
    return list(_differences(before, after, before, after, ""))


def _differences(
    before: Schema, after: Schema, root_before: Schema, root_after: Schema, path: str
) -> Iterator[str]:
    before, after = _resolved(before, root_before), _resolved(after, root_after)
    where = path or "the event"
    if "anyOf" in before or "anyOf" in after:
        yield from _alternatives(before, after, root_before, root_after, path)
        return
    yield from _values(before, after, where)
    properties_before, properties_after = before.get("properties", {}), after.get("properties", {})
    required_before = set(before.get("required", ()))
    required_after = set(after.get("required", ()))
    for name, schema in properties_before.items():
        inside = f"{path}.{name}" if path else name
        if name not in properties_after:
            yield f"{inside} was removed (or renamed): older readers look for it"
            continue
        if name in required_before - required_after:
            yield f"{inside} is no longer required: older readers need it"
        if name in required_after - required_before:
            yield f"{inside} is now required: older events may lack it"
        yield from _differences(schema, properties_after[name], root_before, root_after, inside)
    for name in properties_after.keys() - properties_before.keys():
        if name in required_after:
            inside = f"{path}.{name}" if path else name
            yield f"{inside} is new without a default: older events lack it"
    if "items" in before and "items" in after:
        inside = f"{path}[]"
        yield from _differences(before["items"], after["items"], root_before, root_after, inside)


def _values(before: Schema, after: Schema, where: str) -> Iterator[str]:
    """Types, limits and listed values of one place."""
    names = (before.keys() | after.keys()) - WORDS - {"properties", "required", "enum", "const"}
    for name in sorted(names):
        if name == "items" and "items" in before and "items" in after:
            continue
        if before.get(name) != after.get(name):
            yield f"{where}: {name} was {_shown(before, name)}, now {_shown(after, name)}"
    listed_before, listed_after = _listed(before), _listed(after)
    if (listed_before is None) != (listed_after is None):
        yield f"{where}: its values are {'no longer' if listed_before else 'now'} listed"
    for value in (listed_before or {}).keys() - (listed_after or {}).keys():
        yield f"{where}: the value {value} was removed: older events carry it"
    for value in (listed_after or {}).keys() - (listed_before or {}).keys():
        if listed_before is not None:
            yield f"{where}: the value {value} is new: older readers refuse it"


def _alternatives(
    before: Schema, after: Schema, root_before: Schema, root_after: Schema, path: str
) -> Iterator[str]:
    """`anyOf`, which Takt's events use for `X or null`: the same alternatives in the same order."""
    choices_before = before.get("anyOf", [before])
    choices_after = after.get("anyOf", [after])
    if len(choices_before) != len(choices_after):
        types = [
            " or ".join(str(_resolved(c, root).get("type")) for c in choices)
            for choices, root in ((choices_before, root_before), (choices_after, root_after))
        ]
        yield f"{path}: was {types[0]}, now {types[1]}"
        return
    for one, other in zip(choices_before, choices_after, strict=True):
        yield from _differences(one, other, root_before, root_after, path)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """What a `$ref` stands for."""
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        schema = root["$defs"][name]
    return schema


def _listed(schema: Schema) -> dict[str, None] | None:
    """The listed values, as text; None where any value of the type will do."""
    if "const" in schema:
        return {repr(schema["const"]): None}
    if "enum" in schema:
        return {repr(value): None for value in schema["enum"]}
    return None


def _shown(schema: Schema, name: str) -> str:
    return repr(schema[name]) if name in schema else "not limited"
