"""Which service owns which noun. `/v1/<noun>` is its address, however Takt is deployed."""

from collections.abc import Mapping
from typing import Any

SERVICES = ("deals", "forecast", "procurement", "finance", "alerting")

ROUTES: Mapping[str, str] = {
    "accounts": "deals",
    "company": "deals",
    "deals": "deals",
    "imports": "deals",
    "inbound": "deals",
    "owners": "deals",
    "pipelines": "deals",
    "price-rules": "deals",
    "products": "deals",
    "regions": "deals",
    "sales": "deals",
    "teams": "deals",
    "demand-history": "forecast",
    "forecast-models": "forecast",
    "forecast-versions": "forecast",
    "forecasts": "forecast",
    "pipeline-demand": "forecast",
    "signals": "forecast",
    "win-probabilities": "forecast",
    "action-messages": "procurement",
    "available-to-promise": "procurement",
    "bills-of-material": "procurement",
    "calendars": "procurement",
    "capacity-loads": "procurement",
    "erp-publishing": "procurement",
    "forecast-consumption": "procurement",
    "inventory": "procurement",
    "items": "procurement",
    "kanban-loops": "procurement",
    "pegging": "procurement",
    "plans": "procurement",
    "purchase-orders": "procurement",
    "reservations": "procurement",
    "resources": "procurement",
    "routings": "procurement",
    "safety-stock-proposals": "procurement",
    "scheduled-receipts": "procurement",
    "sites": "procurement",
    "sourcing": "procurement",
    "stock": "procurement",
    "suppliers": "procurement",
    "transfer-proposals": "procurement",
    "cash": "finance",
    "fixed-payments": "finance",
    "payment-terms": "finance",
    "alerts": "alerting",
    "deviations": "alerting",
    "reviews": "alerting",
    "webhooks": "alerting",
}

OWN = ("dead-letters", "events", "session", "status", "traces")
"""Nouns that the door answers itself, from all services together; a session is its own."""


def noun_of(path: str) -> str | None:
    """The noun of a path such as /v1/deals/7, None for a path that has none."""
    match path.split("/", 3):
        case ["", "v1", noun, *_] if noun:
            return noun
    return None


def differences(documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Where the table and the services' OpenAPI documents disagree; nothing when they agree."""
    found = []
    served = set()
    for service, document in documents.items():
        for noun in sorted({noun for path in document["paths"] if (noun := noun_of(path))}):
            served.add(noun)
            owner = ROUTES.get(noun)
            if owner is None:
                found.append(f"{service} serves /v1/{noun}, which the table lacks")
            elif owner != service:
                found.append(f"{service} serves /v1/{noun}, which the table gives to {owner}")
    found += [
        f"the table gives /v1/{noun} to {owner}, which does not serve it"
        for noun, owner in ROUTES.items()
        if owner in documents and noun not in served
    ]
    return found
