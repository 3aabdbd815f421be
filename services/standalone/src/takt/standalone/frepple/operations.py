"""frePPLe's operations as ways to make an item: what is taken, how long, on which resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from takt.standalone.frepple.account import Account
from takt.standalone.frepple.model import Model, Row

ALTERNATE, SPLIT = "alternate", "split"
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

    resource: str
    minutes: float
    setup_minutes: float


@dataclass(frozen=True, slots=True)
class Making:
    """A way to make an item.

    Args:
        produced: what comes of one unit of the operation.
        seconds: of working time.
        account: what became of its parts, which holds if it is the way that is taken.
    """

    item: str
    site: str
    produced: float
    seconds: float
    materials: tuple[Taken, ...]
    loads: tuple[Load, ...]
    account: Account


def owned_by(model: Model, operation: Row) -> list[Row]:
    """The operations that are steps of this one, in the order of their priority."""
    owned = [
        (row.number("priority", 1.0), row) for row in model.of("operation", "owner", operation.name)
    ]
    known = model.named("operation")
    for link in model.of("suboperation", "operation", operation.name):
        if name := model.refer(link, "suboperation", "operation", needed=True):
            owned.append((link.number("priority", 1.0), known[name]))
    ordered = sorted(owned, key=lambda one: one[0])
    if operation.text("type") == ALTERNATE:
        return [row for priority, row in ordered if priority > 0]
    if operation.text("type") == SPLIT:
        # Of a split the priority is the share.
        return [row for share, row in reversed(ordered) if share > 0]
    return [row for _, row in ordered]


def steps_of(model: Model, operation: Row, account: Account) -> list[Row]:
    """The steps of an operation that work, in their order: itself, where it has none.

    None of an alternate or split whose steps are not for planning.
    """
    kind = operation.text("type")
    owned = owned_by(model, operation)
    links = model.of("suboperation", "operation", operation.name)
    if kind in (ALTERNATE, SPLIT):
        which = "first step" if kind == ALTERNATE else "largest share"
        account.tell("input.operation.type", "changed", f"{kind}: its {which} is taken")
        account.tell("input.suboperation", "taken", rows=len(links) and 1)
        owned = owned[:1]
    elif not owned:
        return [operation]
    else:
        account.tell("input.suboperation", "taken", rows=len(links))
    return [step for row in owned for step in steps_of(model, row, account)]


def product_of(model: Model, operation: Row, steps: Sequence[Row]) -> str:
    """The item that an operation makes: the one it names, else the first that it produces."""
    if operation.text("item"):
        return model.refer(operation, "item", "item")
    for row in _parts(model, "operationmaterial", operation, steps):
        if row.number("quantity", 0.0) > 0:
            return model.refer(row, "item", "item")
    return ""


def making_of(model: Model, operation: Row, today: date) -> Making | None:
    """What an operation takes and yields; None where it makes nothing that the model names."""
    account = Account()
    steps = steps_of(model, operation, account)
    item = product_of(model, operation, steps)
    if not item or not steps:
        return None
    site = model.refer(operation, "location", "location", needed=True)
    if not site:
        return None
    lot = max(operation.number("sizeminimum", 1.0), 1.0)
    produced, materials = _materials(model, operation, steps, item, lot, today, account)
    loads: list[Load] = []
    seconds = 0.0
    for step in steps:
        each = 0.0 if step.text("type") == "fixed_time" else step.seconds("duration_per")
        fixed = step.seconds("duration") + step.seconds("posttime")
        seconds += fixed + each * lot
        if each:
            account.tell(
                "input.operation.duration_per", "changed", "in the lead time for its minimum lot"
            )
        if step.seconds("posttime"):
            account.tell("input.operation.posttime", "changed", "a part of the lead time")
        loads += _loads(model, step, each / 60, step.seconds("duration") / 60, account)
    if steps != [operation]:
        account.tell("input.operation", "changed", "steps: one lead time, their sum", len(steps))
    return Making(item, site, produced, seconds, tuple(materials), tuple(loads), account)


def _parts(model: Model, kind: str, operation: Row, steps: Sequence[Row]) -> list[Row]:
    """Rows of a kind that belong to an operation or its steps."""
    names = dict.fromkeys([operation.name, *(step.name for step in steps)])
    return [row for name in names for row in model.of(kind, "operation", name)]


def _materials(
    model: Model,
    operation: Row,
    steps: Sequence[Row],
    item: str,
    lot: float,
    today: date,
    account: Account,
) -> tuple[float, list[Taken]]:
    produced = 0.0
    found: list[Taken] = []
    rows = _parts(model, "operationmaterial", operation, steps)
    for row in first_of_each(rows, "input.operationmaterial", account):
        component = model.refer(row, "item", "item", needed=True)
        quantity = row.quantity("quantity", 0.0, negative=True)
        if fixed := row.quantity("quantity_fixed", 0.0, negative=True):
            quantity += fixed / lot
        elif row.text("type").startswith("fixed"):
            quantity, fixed = quantity / lot, quantity
        how = "a fixed quantity: its part of the minimum lot" if fixed else ""
        first, last = row.day("effective_start"), row.last_day("effective_end")
        if not component or quantity == 0:
            account.tell(row.model, "left out", "without an item or a quantity")
        elif last is not None and last < today:
            account.tell(row.model, "left out", "it ended before the day of planning")
        elif component == item:
            produced += quantity
            if quantity < 0:
                how = "the item itself: less comes out"
            account.tell(row.model, "changed" if how else "taken", how)
        elif quantity > 0:
            account.tell(row.model, "left out", "a by-product: an order brings one item")
        else:
            if row.text("type").endswith("end"):
                how = "taken at the begin of the order, not at its end"
            first = first if first and first > today else None
            found.append(Taken(component, -quantity, first, last))
            account.tell(row.model, "changed" if how else "taken", how)
    return produced if produced > 0 else 1.0, _summed(found)


def _summed(lines: Sequence[Taken]) -> list[Taken]:
    """What several lines take of a component is one line for each time in which they all hold."""
    by_component: dict[str, list[Taken]] = {}
    for line in lines:
        by_component.setdefault(line.component, []).append(line)
    return [line for alike in by_component.values() for line in _in_turn(alike)]


def _in_turn(lines: Sequence[Taken]) -> list[Taken]:
    """Lines of one component that may hold at once, as their sums, one after the other."""
    day = timedelta(days=1)
    begins = [one.first or date.min for one in lines]
    ends = [one.last + day for one in lines if one.last and one.last < date.max]
    marks = sorted({date.min, *begins, *ends})
    found = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        holding = [
            one for one in lines if (one.first or date.min) <= mark <= (one.last or date.max)
        ]
        if holding:
            quantity = sum(one.quantity for one in holding)
            first = None if mark == date.min else mark
            last = None if after is None else after - day
            found.append(Taken(holding[0].component, quantity, first, last))
    return found


def _loads(model: Model, step: Row, each: float, fixed: float, account: Account) -> list[Load]:
    found: list[Load] = []
    rows = model.of("operationresource", "operation", step.name)
    for row in first_of_each(rows, "input.operationresource", account):
        resource = model.refer(row, "resource", "resource", needed=True)
        if not resource:
            continue
        kind = model.named("resource")[resource].text("type")
        if kind == UNLIMITED or kind.startswith("buckets"):
            account.tell(row.model, "left out", f"a resource of type {kind}")
            continue
        if found:
            how = "beside another resource: a step of its own after it"
            account.tell(row.model, "changed", how)
        else:
            account.tell(row.model, "taken")
        quantity = abs(row.quantity("quantity", 1.0, negative=True))
        found.append(Load(resource, each * quantity, fixed * quantity))
    return found


def first_of_each(rows: Sequence[Row], construct: str, account: Account) -> list[Row]:
    """Of rows that share a name, which are alternates of each other, the one of first priority."""
    found: dict[str, Row] = {}
    for place, row in enumerate(sorted(rows, key=lambda one: one.number("priority", 1.0))):
        key = row.text("name") or f" {place}"
        if found.setdefault(key, row) is not row:
            account.tell(construct, "left out", "an alternate of a later priority")
    chosen = {id(row) for row in found.values()}
    return [row for row in rows if id(row) in chosen]
