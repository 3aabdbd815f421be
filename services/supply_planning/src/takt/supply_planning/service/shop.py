"""Write resources and routings, set by set.

Plans are made without them: nothing is planned anew, and the network's revision stays.
"""

import json
from collections.abc import Sequence

from takt.common.db import Tx
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.schemas.shop import Resource, Routing
from takt.supply_planning.service.problems import (
    NotMade,
    RoutingNotFound,
    refuse_twice,
)
from takt.supply_planning.service.references import refuse_unknown_codes, refuse_unplanned
from takt.supply_planning.store import shop as store
from takt.supply_planning.store.definitions import put
from takt.supply_planning.store.network import current_network


async def define_resources(tx: Tx, resources: Sequence[Resource]) -> None:
    """Write resources. Raises NamedTwice, UnknownReference."""
    refuse_twice("code", [resource.code for resource in resources])
    calendars = [
        (f"items.{place}.calendar", resource.calendar)
        for place, resource in enumerate(resources)
        if resource.calendar is not None
    ]
    await refuse_unknown_codes(tx, "calendars", calendars)
    await store.one_after_another(tx)
    rows = [resource.model_dump(mode="json") for resource in resources]
    await put(tx, store.PUT_RESOURCES, json.dumps(rows))


async def define_routings(tx: Tx, routings: Sequence[Routing]) -> None:
    """Write routings whole. Raises NamedTwice, UnknownReference, NotMade."""
    refuse_twice("item", [f"{one.item}|{one.site}" for one in routings])
    await _refuse_not_made(tx, routings)
    used = [
        (f"items.{place}.operations.{number}.resource", step.resource)
        for place, one in enumerate(routings)
        for number, step in enumerate(one.operations)
    ]
    await refuse_unknown_codes(tx, "resources", used)
    await store.one_after_another(tx)
    rows = [
        {
            "item": one.item,
            "site": one.site,
            "operations": [
                (step.resource, str(step.minutes), str(step.setup_minutes))
                for step in one.operations
            ],
        }
        for one in routings
    ]
    await put(tx, store.PUT_ROUTINGS, json.dumps(rows))


async def find_routing(tx: Tx, key: ItemSite) -> Routing:
    """The routing of an item at a site. Raises RoutingNotFound."""
    rows = await store.list_routings(tx, item=key.item, site=key.site, limit=1)
    if not rows:
        raise RoutingNotFound(
            f"{key.item} at {key.site} has no routing",
            field="item",
            value=key.item,
            remedy="write one with PUT /v1/routings, or check its spelling",
        )
    return Routing.model_validate(dict(rows[0]))


async def _refuse_not_made(tx: Tx, routings: Sequence[Routing]) -> None:
    policies = (await current_network(tx)).policies
    keys = [ItemSite(one.item, one.site) for one in routings]
    refuse_unplanned(keys, policies)
    for place, (key, one) in enumerate(zip(keys, routings, strict=True)):
        # What was made and is bought now may lose the routing that it had.
        if one.operations and policies[key].source != "make":
            phantom = policies[key].source == "phantom"
            raise NotMade(
                f"{key.item} is {'a phantom' if phantom else 'bought'} at {key.site}: "
                "no work is done for it there",
                field=f"items.{place}.item",
                value=key.item,
                remedy="give its operations to what takes it, or leave the routing out"
                if phantom
                else "write the item with source make at this site, or leave the routing out",
            )
