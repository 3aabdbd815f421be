"""frePPLe's operations as ways to make an item: what is taken, how long, on which resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from takt.standalone.frepple.account import Account
from takt.standalone.frepple.model import Model, Row

ONE_OF = ("alternate", "split")
"""Types of operations of which one step is chosen; those of a routing all follow each other."""
UNLIMITED = "infinite"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one unit that is begun takes of a component, on the days on which it holds."""

    component: str
    quantity: float
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Load:
    """What a step takes of a resource: minutes of a unit, and of a lot."""

    step: int
    resource: str
    minutes: float
    setup_minutes: float


@dataclass(frozen=True, slots=True)
class Making:
    """A way to make an item.

    Args: produced: what comes of one unit of the operation. seconds: of working time.
    """

    item: str
    site: str
    produced: float
    seconds: float
    materials: tuple[Taken, ...]
    loads: tuple[Load, ...]


def steps_of(model: Model, operation: Row) -> list[Row]:
    """The steps of an operation, in their order: itself, where it has none."""
    owned = [
        (row.number("priority", 0.0), row)
        for row in model["operation"]
        if row.text("owner") == operation.name
    ]
    known = model.named("operation")
    for link in model["suboperation"]:
        if link.text("operation") == operation.name and (
            name := model.refer(link, "suboperation", "operation", needed=True)
        ):
            owned.append((link.number("priority", 0.0), known[name]))
    found = [row for _, row in sorted(owned, key=lambda one: one[0])]
    if found and operation.text("type") in ONE_OF:
        return found[:1]
    return found or [operation]


def product_of(model: Model, operation: Row) -> str:
    """The item that an operation makes: the one it names, else the first that it produces."""
    if operation.text("item"):
        return model.refer(operation, "item", "item")
    steps = {row.name for row in steps_of(model, operation)} | {operation.name}
    for row in model["operationmaterial"]:
        if row.text("operation") in steps and row.number("quantity", 0.0) > 0:
            return model.refer(row, "item", "item")
    return ""


def making_of(model: Model, operation: Row, today: date, account: Account) -> Making | None:
    """What an operation takes and yields; None where it makes nothing that the model names."""
    item = product_of(model, operation)
    site = model.refer(operation, "location", "location", needed=True)
    if not item or not site:
        return None
    steps = steps_of(model, operation)
    if operation.text("type") in ONE_OF and steps != [operation]:
        account.tell(
            "input.operation.type", "changed", f"{operation.text('type')}: its first step is taken"
        )
    lot = max(operation.number("sizeminimum", 1.0), 1.0)
    produced, materials = _materials(model, operation, steps, item, lot, today, account)
    loads = []
    seconds = 0.0
    for number, step in enumerate(steps, 1):
        each = 0.0 if step.text("type") == "fixed_time" else step.seconds("duration_per")
        fixed = step.seconds("duration") + step.seconds("posttime")
        seconds += fixed + each * lot
        if each:
            account.tell(
                "input.operation.duration_per", "changed", "in the lead time for its minimum lot"
            )
        if step.seconds("posttime"):
            account.tell("input.operation.posttime", "changed", "a part of the lead time")
        loads += _loads(model, step, number, each / 60, step.seconds("duration") / 60, account)
    if len(steps) > 1:
        account.tell("input.operation", "changed", "steps: one lead time, their sum", len(steps))
    return Making(item, site, produced, seconds, tuple(materials), tuple(loads))


def _materials(
    model: Model,
    operation: Row,
    steps: Sequence[Row],
    item: str,
    lot: float,
    today: date,
    account: Account,
) -> tuple[float, list[Taken]]:
    names = {row.name for row in steps} | {operation.name}
    produced = 0.0
    found: list[Taken] = []
    rows = [row for row in model["operationmaterial"] if row.text("operation") in names]
    for row in first_of_each(rows, "input.operationmaterial", account):
        component = model.refer(row, "item", "item", needed=True)
        quantity = row.number("quantity", 0.0)
        if fixed := row.number("quantity_fixed", 0.0):
            quantity += fixed / lot
        elif row.text("type").startswith("fixed"):
            quantity, fixed = quantity / lot, quantity
        how = "a fixed quantity: its part of the minimum lot" if fixed else ""
        last = row.day("effective_end")
        if not component or quantity == 0:
            account.tell(row.model, "left out", "without an item or a quantity")
        elif last is not None and last <= today:
            account.tell(row.model, "left out", "it ended before the day of planning")
        elif quantity > 0 and component == item:
            produced += quantity
            account.tell(row.model, "changed" if how else "taken", how)
        elif quantity > 0:
            account.tell(row.model, "left out", "a by-product: an order brings one item")
        else:
            if row.text("type").endswith("end"):
                how = "taken at the begin of the order, not at its end"
            first = row.day("effective_start")
            found.append(
                Taken(
                    component,
                    -quantity,
                    first if first and first > today else None,
                    last and date.fromordinal(last.toordinal() - 1),
                )
            )
            account.tell(row.model, "changed" if how else "taken", how)
    return produced or 1.0, _summed(found)


def _summed(lines: Sequence[Taken]) -> list[Taken]:
    """The same component in several steps is one line of the bill."""
    found: dict[tuple[str, date | None, date | None], float] = {}
    for line in lines:
        key = line.component, line.first, line.last
        found[key] = found.get(key, 0.0) + line.quantity
    return [
        Taken(component, quantity, first, last)
        for (component, first, last), quantity in found.items()
    ]


def _loads(
    model: Model, step: Row, number: int, each: float, fixed: float, account: Account
) -> list[Load]:
    found = []
    rows = [row for row in model["operationresource"] if row.text("operation") == step.name]
    for row in first_of_each(rows, "input.operationresource", account):
        resource = model.refer(row, "resource", "resource", needed=True)
        if not resource:
            continue
        kind = model.named("resource")[resource].text("type")
        if kind == UNLIMITED or kind.startswith("buckets"):
            account.tell(row.model, "left out", f"a resource of type {kind}")
            continue
        quantity = abs(row.number("quantity", 1.0))
        found.append(Load(number, resource, each * quantity, fixed * quantity))
        account.tell(row.model, "taken")
    return found


def first_of_each(rows: Sequence[Row], construct: str, account: Account) -> list[Row]:
    """Of rows that share a name, which are alternates of each other, the one of first priority."""
    found: dict[str, Row] = {}
    for place, row in enumerate(sorted(rows, key=lambda one: one.number("priority", 1.0))):
        key = row.text("name") or f" {place}"
        if found.setdefault(key, row) is not row:
            account.tell(construct, "left out", "an alternate of a later priority")
    chosen = list(found.values())
    return [row for row in rows if row in chosen]
