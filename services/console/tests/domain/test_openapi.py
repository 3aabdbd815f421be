"""One document of several services."""

from typing import Any

from takt.console.domain.openapi import merge
from takt.console.domain.reference import kind_of, reference


def document(path: str, **schemas: Any) -> dict[str, Any]:
    """A document with one route that answers the first of its schemas."""
    answer = {"$ref": f"#/components/schemas/{next(iter(schemas))}"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            path: {
                "get": {
                    "description": "Read it.\nIt is as it is.",
                    "security": [{"key": ["deals:read"]}],
                    "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                    "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
                }
            },
            "/ops/status": {"get": {"responses": {}}},
            "/health/live": {"get": {"responses": {}}},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def part(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


LINE = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}


def schemas_of(deals: dict[str, Any], forecast: dict[str, Any]) -> dict[str, Any]:
    """The schemas of two services' documents together."""
    documents = {
        "deals": document("/v1/deals", **deals),
        "forecast": document("/v1/forecasts", **forecast),
    }
    found: dict[str, Any] = merge(documents, "1", [])["components"]["schemas"]
    return found


def test_a_name_with_two_meanings_is_prefixed_in_both_and_what_refers_to_it_too() -> None:
    merged = schemas_of(
        {"Deal": part(lines=LINE), "Line": part(product={"type": "string"})},
        {"Forecast": part(lines=LINE), "Line": part(week={"type": "string"})},
    )
    assert set(merged) == {"Deal", "DealsLine", "Forecast", "ForecastLine"}
    line = merged["Forecast"]["properties"]["lines"]["items"]
    assert line == {"$ref": "#/components/schemas/ForecastLine"}


def test_a_name_with_one_meaning_is_shared_unless_what_it_refers_to_differs() -> None:
    page = part(items=LINE)
    same = schemas_of({"Page": page, "Line": part()}, {"Page": page, "Line": part()})
    assert set(same) == {"Page", "Line"}
    other = schemas_of({"Page": page, "Line": part()}, {"Page": page, "Line": part(a={})})
    assert set(other) == {"DealsPage", "ForecastPage", "DealsLine", "ForecastLine"}


def test_only_the_owner_of_a_noun_shows_it_and_what_is_for_operators_stays_inside() -> None:
    merged = merge(
        {
            "deals": document("/v1/deals/{deal}", Deal=part()),
            "forecast": document("/v1/deals/{deal}", Deal=part(other={})),
        },
        "1",
        ["finance"],
    )
    assert list(merged["paths"]) == ["/v1/deals/{deal}"]
    assert merged["paths"]["/v1/deals/{deal}"]["get"]["tags"] == ["deals"]
    assert merged["x-takt-missing"] == ["finance"]
    assert "finance" in merged["info"]["description"]


def test_the_reference_lists_routes_by_noun_with_scope_parameters_and_shapes() -> None:
    found = reference(
        merge({"deals": document("/v1/deals", Deal=part(lines=LINE), Line=part())}, "1", [])
    )
    (noun,) = found.nouns
    (operation,) = noun.operations
    assert (noun.name, noun.service) == ("deals", "deals")
    assert (operation.summary, operation.description) == ("Read it.", "It is as it is.")
    assert operation.scopes == ("deals:read",)
    assert [p.name for p in operation.parameters] == ["limit"]
    assert [(b.label, b.schema) for b in operation.bodies] == [("200", "Deal")]
    assert [shape.name for shape in found.shapes] == ["Deal", "Line"]
    assert found.shapes[0].fields[0].kind == "list of Line"


def test_types_are_said_in_words() -> None:
    assert kind_of({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}) == (
        "string (date) or null"
    )
    assert kind_of({"enum": ["open", "won"]}) == "open | won"
    assert kind_of({"type": "object", "additionalProperties": {"type": "integer"}}) == (
        "map of integer"
    )
    assert kind_of({"const": 1}) == "1"
