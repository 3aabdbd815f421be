"""Every noun has one owner, and the table says the same as the services themselves."""

from collections.abc import Mapping
from typing import Any

import pytest

from takt.alerting.app import create as create_alerting
from takt.alerting.settings import AlertingSettings
from takt.console.domain.openapi import merge
from takt.console.domain.reference import reference
from takt.console.routes import OWN, ROUTES, SERVICES, differences, noun_of
from takt.deals.app import create as create_deals
from takt.deals.settings import DealsSettings
from takt.forecast.app import create as create_forecast
from takt.forecast.settings import ForecastSettings
from takt.supply_planning.app import create as create_supply_planning
from takt.supply_planning.settings import SupplySettings

NOWHERE = {"database_url": "postgresql://nowhere/x", "access_url": "postgresql://nowhere/x"}

# Its fixture is made once, on one worker.
pytestmark = pytest.mark.xdist_group("routes")


@pytest.fixture(scope="module")
def documents() -> Mapping[str, Mapping[str, Any]]:
    """The real services' OpenAPI documents; none of them is started."""
    supply = SupplySettings(**NOWHERE)
    apps = {
        "deals": create_deals(DealsSettings(**NOWHERE)),
        "forecast": create_forecast(ForecastSettings(**NOWHERE)),
        "procurement": create_supply_planning("procurement", supply),
        "finance": create_supply_planning("finance", supply),
        "alerting": create_alerting(AlertingSettings(**NOWHERE)),
    }
    return {service: app.openapi() for service, app in apps.items()}


def test_the_table_and_the_services_agree(documents: Mapping[str, Mapping[str, Any]]) -> None:
    assert set(documents) == set(SERVICES)
    assert differences(documents) == []


def test_every_route_of_every_service_is_in_the_reference_with_its_scope(
    documents: Mapping[str, Mapping[str, Any]],
) -> None:
    merged = merge(documents, "1", [])
    shown = reference(merged)
    routes = {
        path for document in documents.values() for path in document["paths"] if noun_of(path)
    }
    assert set(merged["paths"]) == routes
    operations = [operation for noun in shown.nouns for operation in noun.operations]
    assert [o.path for o in operations if not o.scopes] == []
    assert [o.path for o in operations if not o.summary] == []


def test_a_difference_is_named() -> None:
    found = differences(
        {"deals": {"paths": {"/v1/cash/{week}": {}, "/v1/boats": {}, "/ops/x": {}}}}
    )
    assert "deals serves /v1/boats, which the table lacks" in found
    assert "deals serves /v1/cash, which the table gives to finance" in found
    assert "the table gives /v1/deals to deals, which does not serve it" in found


def test_no_noun_is_the_doors_and_a_services() -> None:
    assert not set(OWN) & set(ROUTES)
    assert set(ROUTES.values()) == set(SERVICES)
