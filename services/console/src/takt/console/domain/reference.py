"""The OpenAPI document as a reference for people: routes by noun, with scope and shapes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from takt.console.domain.openapi import SCHEMAS
from takt.console.routes import noun_of

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a shape, or a parameter of a route."""

    name: str
    kind: str
    schema: str | None
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A named schema: its fields, or what it is instead."""

    name: str
    description: str
    fields: tuple[Field, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered: its media type and shape."""

    label: str
    media_type: str
    kind: str
    schema: str | None
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A route."""

    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...]
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]

    @property
    def anchor(self) -> str:
        """Its id within the page."""
        return f"{self.method}-{self.path.strip('/').replace('/', '-').translate(_NO_BRACES)}"


_NO_BRACES = str.maketrans("", "", "{}")


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun with its routes."""

    name: str
    service: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole."""

    nouns: tuple[Noun, ...]
    shapes: tuple[Shape, ...]
    missing: tuple[str, ...]


def reference(document: Mapping[str, Any]) -> Reference:
    """The reference of a merged document."""
    schemas = document["components"]["schemas"]
    by_noun: dict[str, list[Operation]] = {}
    services: dict[str, str] = {}
    for path, operations in document["paths"].items():
        noun = noun_of(path) or path
        for method in METHODS:
            if method in operations:
                by_noun.setdefault(noun, []).append(
                    _operation(method, path, operations[method], schemas)
                )
                services[noun] = operations[method]["tags"][0]
    return Reference(
        nouns=tuple(
            Noun(noun, services[noun], tuple(found)) for noun, found in sorted(by_noun.items())
        ),
        shapes=tuple(_shape(name, schema) for name, schema in schemas.items()),
        missing=tuple(document["x-takt-missing"]),
    )


def _operation(
    method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Operation:
    summary, _, description = operation.get("description", "").partition("\n")
    return Operation(
        method=method,
        path=path,
        summary=summary.strip() or operation.get("summary", ""),
        description=description.strip(),
        scopes=tuple(
            scope
            for way in operation.get("security", ())
            for scopes in way.values()
            for scope in scopes
        ),
        parameters=tuple(
            Field(
                name=parameter["name"],
                kind=kind_of(parameter.get("schema", {})),
                schema=schema_of(parameter.get("schema", {})),
                required=parameter.get("required", False),
                description=_described(parameter) or _described(parameter.get("schema", {})),
                place=parameter["in"],
            )
            for parameter in operation.get("parameters", ())
        ),
        bodies=tuple(_bodies(operation, schemas)),
    )


def _bodies(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Body]:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield _body("request", media_type, content.get("schema", {}), schemas)
    for status, response in operation.get("responses", {}).items():
        for media_type, content in response.get("content", {}).items():
            if status != "default" and content.get("schema"):
                yield _body(status, media_type, content["schema"], schemas)


def _body(
    label: str, media_type: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Body:
    name = schema_of(schema)
    shown = schemas.get(name, {}) if name is not None else schema
    return Body(label, media_type, kind_of(schema), name, tuple(_fields(shown)))


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    return Shape(name, _described(schema), tuple(_fields(schema)), kind_of(schema))


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield Field(name, kind_of(field), schema_of(field), name in required, _described(field))


def _described(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())


def schema_of(schema: Mapping[str, Any]) -> str | None:
    """The name of the one schema that this refers to, also inside a list or beside null."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(SCHEMAS)
    inner = [schema["items"]] if "items" in schema else _choices(schema)
    names = {name for one in inner if (name := schema_of(one)) is not None}
    return names.pop() if len(names) == 1 else None


def _choices(schema: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    choices: Sequence[Mapping[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or ()
    return choices


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type in words, such as `list of Line`, `string (date-time)`, `integer or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(SCHEMAS)
    if choices := _choices(schema):
        return " or ".join(dict.fromkeys(kind_of(choice) for choice in choices))
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of {kind_of(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)
