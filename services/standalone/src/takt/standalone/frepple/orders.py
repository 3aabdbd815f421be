"""frePPLe's demands and orders: what is wanted, and what will come."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from takt.standalone.frepple.account import Account
from takt.standalone.frepple.model import ORDERS, Model, Row
from takt.standalone.frepple.operations import product_of
from takt.standalone.frepple.sources import Place, Source

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
    """A quantity of an item at a location on a day; of an order its type and origin."""

    label: str
    name: str
    place: Place
    due: date
    quantity: float
    kind: str = ""
    origin: str = ""
    draws_on: bool = False

    def row(self, **more: str) -> dict[str, Any]:
        """A line of its file."""
        item, site = self.place
        return {
            self.label: self.name,
            "item": item,
            "site": site,
            "due": self.due,
            "quantity": f"{self.quantity:.6f}".rstrip("0").rstrip("."),
            **more,
        }

    def draws(self, source: Source | None, account: Account) -> bool:
        """Whether its components, or what its origin gives, are still to be taken."""
        if not self.draws_on or self.kind == "PO":
            return False
        same = source is not None and source.kind == KINDS[self.kind]
        if same and (self.kind == "MO" or (source is not None and source.origin == self.origin)):
            return True
        how = "nothing is taken for it: the item is planned from another source"
        account.tell("input.operationplan", "changed", how)
        return False


def read_demand(model: Model, account: Account) -> list[Dated]:
    """Demand that is open."""
    found = []
    for row in model["demand"]:
        status = row.text("status") or "open"
        if status != "open":
            account.tell(row.model, "left out", NOT_OPEN.get(status, f"status {status}"))
            continue
        place = _place(model, row, "location")
        due, quantity = _due(row, "due"), row.number("quantity", 1.0)
        if place and due:
            found.append(Dated("demand", row.name, place, due, quantity))
    return found


def read_receipts(model: Model, account: Account) -> list[Dated]:
    """Orders that are approved or confirmed."""
    found = []
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
            operation = operations[name]
            if operation.text("owner"):
                account.tell(row.model, "left out", "a step of a routing: its routing brings it")
                continue
            place, made = _made(model, operation)
        else:
            place = _place(model, row, "destination" if kind == "DO" else "location")
        due = _due(row, "enddate")
        if place and due:
            origin = model.refer(row, "origin", "location") if kind == "DO" else ""
            draws = status == "approved" or taking
            quantity = row.number("quantity", 0.0) * made
            found.append(Dated("order", row.name, place, due, quantity, kind, origin, draws))
            account.tell(row.model, "taken")
    return found


def _made(model: Model, operation: Row) -> tuple[Place | None, float]:
    """The item and location of a manufacturing order, and what one unit of it brings."""
    item = product_of(model, operation)
    site = model.refer(operation, "location", "location", needed=True)
    produced = sum(
        row.number("quantity", 0.0)
        for row in model["operationmaterial"]
        if row.text("operation") == operation.name and row.text("item") == item
    )
    return ((item, site) if item and site else None), produced if produced > 0 else 1.0


def _place(model: Model, row: Row, location: str) -> Place | None:
    item = model.refer(row, "item", "item", needed=True)
    site = model.refer(row, location, "location", needed=True)
    return (item, site) if item and site else None


def _due(row: Row, name: str) -> date | None:
    if not row.text(name):
        row.fault(name, "it is empty; write a date such as 2026-11-30.")
        return None
    return row.day(name)
