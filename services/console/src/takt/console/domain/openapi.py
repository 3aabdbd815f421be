"""One OpenAPI document from those of several services."""

from collections.abc import Iterable, Mapping
from typing import Any

from takt.console.routes import OWN, ROUTES, noun_of

Document = Mapping[str, Any]

SCHEMAS = "#/components/schemas/"
CONSOLE = "console"
"""The name under which the door's own document comes."""


def merge(
    documents: Mapping[str, Document], version: str, missing: Iterable[str]
) -> dict[str, Any]:
    """The routes under /v1/<noun> of all services, each from the service that owns the noun.

    A schema name that means different things in two services is prefixed with the service's name in
    both; one that means the same in both stays.

    Args:
        documents: by service, each OpenAPI 3.1.
        version: of the whole.
        missing: services whose document is not there; they are named.
    """
    missing = sorted(missing)
    clashing = _clashing(documents)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    security: dict[str, Any] = {}
    for service, document in documents.items():
        renamed = {name: service_name(service) + name for name in clashing}
        own = _renamed(document, renamed)
        schemas |= {renamed.get(name, name): schema for name, schema in _schemas(own).items()}
        security |= own.get("components", {}).get("securitySchemes", {})
        for path, operations in own["paths"].items():
            if _owner(path) == service:
                paths[path] = _tagged(operations, service)
    said = f" Left out, because they do not answer now: {', '.join(missing)}." if missing else ""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Takt",
            "version": version,
            "description": f"All services behind the one door.{said}",
        },
        "tags": [{"name": service} for service in documents],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _reachable(paths, schemas),
            "securitySchemes": security,
        },
        "x-takt-missing": missing,
    }


def service_name(service: str) -> str:
    """A service's name as the beginning of a schema's."""
    return "".join(word.capitalize() for word in service.split("_"))


def _owner(path: str) -> str | None:
    noun = noun_of(path)
    return CONSOLE if noun in OWN else ROUTES.get(noun or "")


def _schemas(document: Document) -> Mapping[str, Any]:
    schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    return schemas


def _clashing(documents: Mapping[str, Document]) -> set[str]:
    """Names that mean different things; what refers to such a name clashes with it."""
    meanings: dict[str, list[Any]] = {}
    for document in documents.values():
        for name, schema in _schemas(document).items():
            known = meanings.setdefault(name, [])
            if schema not in known:
                known.append(schema)
    clashing = {name for name, known in meanings.items() if len(known) > 1}
    shared = {name for name in meanings if sum(name in _schemas(d) for d in documents.values()) > 1}
    while True:
        more = {
            name
            for name in shared - clashing
            if any(_references(schema) & clashing for schema in meanings[name])
        }
        if not more:
            return clashing
        clashing |= more


def _references(node: Any) -> set[str]:
    """The names of all schemas that a part of a document refers to."""
    match node:
        case dict():
            return {name for value in node.values() for name in _references(value)}
        case list():
            return {name for value in node for name in _references(value)}
        case str() if node.startswith(SCHEMAS):
            return {node.removeprefix(SCHEMAS)}
    return set()


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A part of a document whose references use the new names."""
    match node:
        case dict():
            return {key: _renamed(value, names) for key, value in node.items()}
        case list():
            return [_renamed(value, names) for value in node]
        case str() if node.startswith(SCHEMAS):
            name = node.removeprefix(SCHEMAS)
            return SCHEMAS + names.get(name, name)
    return node


def _tagged(operations: Mapping[str, Any], service: str) -> dict[str, Any]:
    return {
        method: {**operation, "tags": [service]} if isinstance(operation, dict) else operation
        for method, operation in operations.items()
    }


def _reachable(paths: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas that the paths need, by name."""
    needed: set[str] = set()
    new = _references(paths)
    while new:
        needed |= new
        new = {name for one in new for name in _references(schemas.get(one))} - needed
    return {name: schemas[name] for name in sorted(needed) if name in schemas}
