"""frePPLe's demands and orders: what is wanted, and what will come."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from takt.standalone.frepple.account import Account
from takt.standalone.frepple.model import ORDERS, Model, Row
from takt.standalone.frepple.operations import ALTERNATE, SPLIT, making_of, product_of
from takt.standalone.frepple.sources import Place, Source
from takt.standalone.supply_folder.rows import amount

NOT_OPEN = {
    "closed": "closed: history, which no plan needs",
    "canceled": "cancelled",
    "quote": "a quote, not ordered yet",
    "inquiry": "an inquiry, not ordered yet",
}
COMING = ("approved", "confirmed")
KINDS = {"MO": "made", "PO": "bought", "DO": "moved"}


@dataclass(frozen=True, slots=True)
class Dated:
    """A quantity of an item at a location on a day.

    Args: kind, origin, model: of an order. draws_on: whether it may still take something.
    """

    label: str
    name: str
    place: Place
    due: date
    quantity: float
    kind: str = ""
    origin: str = ""
    draws_on: bool = False
    model: str = ""

    def row(self, **more: str) -> dict[str, Any]:
        """A line of its file."""
        item, site = self.place
        return {
            self.label: self.name,
            "item": item,
            "site": site,
            "due": self.due,
            "quantity": amount(self.quantity),
            **more,
        }

    def elsewhere(self, source: Source | None) -> bool:
        """Whether it would take something, and the item is not planned as it is made or moved."""
        if not self.draws_on:
            return False
        if source is None or source.kind != KINDS[self.kind]:
            return True
        return self.kind == "DO" and source.origin != self.origin


def read_demand(model: Model, account: Account) -> list[Dated]:
    """Demand that is open."""
    found = []
    model.named("demand")
    for row in model["demand"]:
        status = row.text("status") or "open"
        if status != "open":
            account.tell(row.model, "left out", NOT_OPEN.get(status, f"status {status}"))
            continue
        place = _place(model, row, "location")
        due, quantity = _due(row, "due"), row.quantity("quantity", 1.0)
        if place and due:
            found.append(Dated("demand", row.name, place, due, quantity))
    return found


def read_receipts(model: Model, today: date, account: Account) -> list[Dated]:
    """Orders that are approved or confirmed."""
    found: dict[str, Dated] = {}
    taking = model.parameter("WIP.consume_material").lower() != "false"
    operations = model.named("operation")
    for row in model["operationplan"]:
        kind = row.text("type") or ORDERS.get(row.model.rpartition(".")[2], "")
        status = row.text("status") or "proposed"
        if kind not in KINDS:
            account.tell(row.model, "left out", f"type {kind or 'unknown'}: it brings no stock")
            continue
        if status not in COMING:
            account.tell(row.model, "left out", f"status {status}: not agreed, or over")
            continue
        made = 1.0
        if kind == "MO":
            name = row.text("operation") or row.text("name")
            if name not in operations:
                row.fault("operation", "the file has no input.operation of this name; add it.")
                continue
            owner = _owner(model, operations[name])
            if owner and owner.text("type") not in (ALTERNATE, SPLIT):
                account.tell(row.model, "left out", "a step of a routing: its routing brings it")
                continue
            place, made = _made(model, operations[name], owner, today)
            if not place:
                account.tell(row.model, "left out", "its operation makes no item")
        else:
            place = _place(model, row, "destination" if kind == "DO" else "location")
        due = _due(row, "enddate")
        if place and due:
            origin = model.refer(row, "origin", "location") if kind == "DO" else ""
            draws = kind != "PO" and (status == "approved" or taking)
            quantity = row.quantity("quantity", 0.0) * made
            if row.name in found:
                row.fault("reference", "the same reference is there twice; keep one of them.")
            found[row.name] = Dated(
                "order", row.name, place, due, quantity, kind, origin, draws, row.model
            )
    return list(found.values())


def _owner(model: Model, operation: Row) -> Row | None:
    """The operation of which this one is a step."""
    links = model.of("suboperation", "suboperation", operation.name)
    name = operation.text("owner") or next((link.text("operation") for link in links), "")
    return model.named("operation").get(name)


def _made(
    model: Model, operation: Row, owner: Row | None, today: date
) -> tuple[Place | None, float]:
    """The item and location of a manufacturing order, and what one unit of it brings.

    A choice of an alternate or split makes what that makes, where it does not say it itself.
    """
    making = making_of(model, operation, today)
    if making:
        return (making.item, making.site), making.produced
    item = product_of(model, owner, [operation]) if owner else ""
    site = item and model.refer(operation, "location", "location", needed=True)
    return ((item, site) if site else None), 1.0


def _place(model: Model, row: Row, location: str) -> Place | None:
    item = model.refer(row, "item", "item", needed=True)
    site = model.refer(row, location, "location", needed=True)
    return (item, site) if item and site else None


def _due(row: Row, name: str) -> date | None:
    if not row.text(name):
        row.fault(name, "it is empty; write a date such as 2026-11-30.")
        return None
    return row.day(name)
