"""What scheduled receipts still bring."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid5

from takt.supply_planning.domain.netting import Supply
from takt.supply_planning.domain.orders import NAMESPACE
from takt.supply_planning.domain.plan import ItemSite

COMING = """
SELECT json_agg(json_build_array(
    item, site, reference, kind, due_on, release_on, (quantity * 1000000)::bigint))
FROM scheduled_receipts JOIN {} USING (item, site) WHERE quantity > 0
"""
"""One value, for `supplies_from`, of the item-sites that a table has."""


def supplies_from(rows: Iterable[Sequence[Any]] | None) -> Mapping[ItemSite, list[Supply]]:
    """Supplies by item-site, from what `COMING` reads; none where there is none."""
    supplies = defaultdict(list)
    for item, site, reference, kind, due, release, quantity in rows or ():
        supplies[ItemSite(item, site)].append(
            Supply(
                uuid5(NAMESPACE, f"receipt|{reference}"),
                kind,
                date.fromisoformat(due),
                quantity,
                date.fromisoformat(release) if release else None,
            )
        )
    return supplies
