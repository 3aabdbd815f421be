"""The account of an import: what became of each construct, in rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from takt.standalone.frepple.model import Model, Row

Outcome = Literal["taken", "changed", "left out"]

READ = {
    "calendar": "name defaultvalue",
    "calendarbucket": "calendar startdate enddate value priority starttime endtime"
    " monday tuesday wednesday thursday friday saturday sunday",
    "location": "name available owner",
    "item": "name cost owner uom",
    "operation": "name type priority sizeminimum sizemultiple sizemaximum item location duration"
    " duration_per owner fence posttime effective_start effective_end",
    "suboperation": "operation suboperation priority",
    "buffer": "name item location onhand minimum",
    "resource": "name type maximum maximum_calendar owner efficiency location",
    "operationmaterial": "quantity quantity_fixed type priority item operation name"
    " effective_start effective_end",
    "operationresource": "quantity priority operation resource name",
    "supplier": "name available",
    "itemsupplier": "leadtime sizeminimum sizemultiple sizemaximum priority fence item location"
    " supplier effective_start effective_end",
    "itemdistribution": "leadtime sizeminimum sizemultiple sizemaximum priority fence item"
    " location origin effective_start effective_end",
    "demand": "name due status quantity item location",
    "operationplan": "status type reference quantity startdate enddate name item location"
    " destination operation supplier origin",
}
"""Fields that an import reads, by kind; all others are told as left out."""
MEANT = {kind: frozenset(names.split()) for kind, names in READ.items()}
DEFAULTS: dict[str, object] = {"resource_qty": 1, "constrained": True, "source": None, "id": None}
"""What a field says that nobody set: nothing is lost by it."""
WHOLE = {
    "customer": "a plan does not tell customers apart",
    "skill": "any member of a pool can do what the pool does",
    "resourceskill": "any member of a pool can do what the pool does",
    "setupmatrix": "setups do not depend on their order",
    "setuprule": "setups do not depend on their order",
    "parameter": "settings of frePPLe, of which currentdate and WIP.consume_material are read",
    "userpreference": "settings of frePPLe's screens",
    "operationdependency": "the steps of a routing follow each other by priority",
    "operationplanmaterial": "what an order takes follows from its bill of material",
    "operationplanresource": "what an order loads follows from its routing",
}

LOST = {
    "demand.customer": "a plan does not tell customers apart",
    "demand.priority": "demand is planned by its day; lateness is weighed by items' priority",
    "demand.minshipment": "a demand may be met in parts",
    "demand.maxlateness": "a demand is never given up",
    "demand.operation": "a delivery takes no time and no resource",
    "operationresource.skill": "any member of a pool can do what the pool does",
    "operation.cost": "an item has one cost",
    "itemsupplier.cost": "an item has one cost",
    "itemdistribution.cost": "an item has one cost",
    "resource.setupmatrix": "setups do not depend on their order",
    "resource.cost": "capacity is not priced, but for overtime",
    "operation.available": "an operation works when its location does",
    "buffer.minimum_calendar": "safety stock is one quantity",
    "buffer.maximum": "stock has no upper limit",
}
"""Why a field has no place."""
REST = {
    "operation": "a step of an operation that is not planned, or of another choice",
    "suboperation": "of an operation that is not planned, or another choice",
    "operationmaterial": "of an operation that is not planned",
    "operationresource": "of an operation that is not planned",
}
"""What the rows are that no plan has come to."""


@dataclass(slots=True)
class Account:
    """What became of what, told by construct in the order in which it was first told."""

    counts: Counter[tuple[str, Outcome, str]] = field(default_factory=Counter)

    def tell(self, construct: str, outcome: Outcome, how: str = "", rows: int = 1) -> None:
        """So many rows of a construct (`input.item.cost`) came to this."""
        if rows:
            self.counts[construct, outcome, how] += rows

    def unread(self, model: Model) -> None:
        """Tell of models and fields that nothing here reads, and of rows that nothing came to."""
        told: Counter[str] = Counter()
        for (construct, _, _), number in self.counts.items():
            told[construct] += number
        for kind, how in REST.items():
            for name, number in Counter(row.model for row in model[kind]).items():
                self.tell(name, "left out", how, number - told[name])
        for kind, rows in model.rows.items():
            name = rows[0].model
            if kind not in MEANT:
                how = WHOLE.get(kind, "Takt has no such thing")
                self.tell(name, "left out", how, len(rows))
                continue
            for field_, number in _given(rows, MEANT[kind]):
                how = LOST.get(f"{kind}.{field_}", "Takt has no such field")
                self.tell(f"{name}.{field_}", "left out", how, number)

    def rows(self) -> list[dict[str, Any]]:
        """By construct, what was done and how."""
        order = {"taken": 0, "changed": 1, "left out": 2}
        return [
            {"construct": construct, "outcome": outcome, "rows": number, "how": how}
            for (construct, outcome, how), number in sorted(
                self.counts.items(), key=lambda one: (one[0][0], order[one[0][1]], one[0][2])
            )
        ]


def _given(rows: Iterable[Row], meant: frozenset[str]) -> list[tuple[str, int]]:
    """Fields that are not meant, and how often they say something."""
    found = Counter(
        name
        for row in rows
        for name, value in row.fields.items()
        if name not in meant
        and name not in ("lastmodified", "id", "source")
        and value not in (None, "", [], {}, 0, "0", "0.0", "0.00000000")
        and value != DEFAULTS.get(name, ())
    )
    return sorted(found.items())
