"""Who acts upon Takt from outside: a CRM, an ERP and a till, all through REST.

Each act is one request that a real system would make, on something that it has read before. What
Takt refuses (an unmet exit criterion, a version that moved on) is an answer, not a fault.
"""

import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx

PAGE = 200
STALE_ACTS = 200
"""After so many acts a list is read anew: others change things too."""
BACK, LOSE, WIN = 0.06, 0.10, 0.12


@dataclass(frozen=True)
class Act:
    """What somebody did, and how Takt answered."""

    actor: str
    what: str
    subject: str
    status: int
    milliseconds: float
    correlation: str | None
    refused: str | None = None


class NothingToDo(Exception):
    """There is nothing here that this actor could act upon."""


@dataclass
class Actor:
    """Somebody with a client, dice, and the business day."""

    client: httpx.AsyncClient
    dice: random.Random
    today: date

    name = "somebody"

    async def read(self, path: str, **parameters: str | int) -> Any:
        """What Takt answers to a GET. Raises httpx.HTTPStatusError: it refuses."""
        reply = await self.client.get(path, params=parameters)
        return reply.raise_for_status().json()

    async def act(
        self, what: str, subject: str, method: str, path: str, **request: Any
    ) -> tuple[Act, Any]:
        """Make one request; the act, and what was answered."""
        began = perf_counter()
        reply = await self.client.request(method, path, **request)
        milliseconds = (perf_counter() - began) * 1000
        body = reply.json() if reply.content else None
        refused = None if reply.is_success else str((body or {}).get("detail", reply.reason_phrase))
        correlation = reply.headers.get("correlation-id")
        act = Act(self.name, what, subject, reply.status_code, milliseconds, correlation, refused)
        return act, body


def seen(thing: Mapping[str, Any]) -> dict[str, str]:
    """The header that says which version was read."""
    return {"If-Match": f'"{thing["sequence"]}"'}


@dataclass
class Crm(Actor):
    """Moves deals along their pipelines, changes their lines, opens new ones."""

    won: deque[str] = field(default_factory=lambda: deque(maxlen=1000))
    """Deals won lately, for the ERP to ship."""
    _deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    _stages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _acts: int = 0

    name = "CRM"

    async def step(self) -> Act:
        """One act on one open deal. Raises NothingToDo: no deal is open."""
        if not self._deals or self._acts % STALE_ACTS == 0:
            await self._look_around()
        self._acts += 1
        if not self._deals:
            raise NothingToDo(
                "no deal is open; start with the demonstration company, or import one"
            )
        # Taken off the list while it is acted upon, so that no two acts meet on one deal.
        deal = self._deals.pop(self.dice.choice(list(self._deals)))
        roll = self.dice.random()
        if roll < 0.1:
            return await self._open_like(deal)
        if roll < 0.25 and deal["lines"]:
            return await self._change_quantity(deal)
        return await self._move(deal)

    async def _look_around(self) -> None:
        pipelines = await self.read("/v1/pipelines")
        self._stages = {(p["code"], s["code"]): s for p in pipelines for s in p["stages"]}
        page = await self.read("/v1/deals", status="open", limit=PAGE)
        self._deals = {deal["id"]: deal for deal in page["items"]}

    def _target(self, deal: Mapping[str, Any]) -> str | None:
        """A declared move: mostly onwards, sometimes the end, now and then back."""
        stage = self._stages[deal["pipeline"], deal["stage"]]
        order = [code for pipeline, code in self._stages if pipeline == deal["pipeline"]]
        roll = self.dice.random()
        wishes = [("open", True)]
        if roll < BACK:
            wishes = [("open", False)]
        elif roll < BACK + LOSE:
            wishes = [("lost", True)]
        elif roll < BACK + LOSE + WIN:
            wishes = [("won", True)]
        for kind, onwards in [*wishes, ("open", True), ("won", True), ("lost", True)]:
            possible: list[str] = [
                code
                for code in stage["moves_to"]
                if self._stages[deal["pipeline"], code]["kind"] == kind
                and (order.index(code) > order.index(deal["stage"])) == onwards
            ]
            if possible:
                return possible[0]
        return None

    async def _move(self, deal: dict[str, Any]) -> Act:
        target = self._target(deal)
        if target is None:
            raise NothingToDo(f"no move leads out of stage {deal['stage']}")
        wish: dict[str, str] = {"stage": target}
        kind = self._stages[deal["pipeline"], target]["kind"]
        if kind == "lost":
            wish |= {"reason": "price", "competitor": "another"}
        act, body = await self.act(
            f"moves to {target}",
            deal["name"],
            "POST",
            f"/v1/deals/{deal['id']}/stage",
            json=wish,
            headers=seen(deal),
        )
        if act.refused is None and kind == "open":
            self._deals[deal["id"]] = {**deal, "stage": body["stage"], "sequence": body["sequence"]}
        elif act.refused is None and kind == "won":
            self.won.append(deal["id"])
        return act

    async def _change_quantity(self, deal: dict[str, Any]) -> Act:
        kept = ("id", "reference", "product", "quantity", "price", "requested_date")
        lines = [{name: line[name] for name in kept} for line in deal["lines"]]
        line = self.dice.choice(lines)
        factor = Decimal(self.dice.choice(["0.8", "0.9", "1.1", "1.25", "1.5"]))
        now = Decimal(line["quantity"])
        wished = max(Decimal(1), Decimal(round(now * factor)))
        line["quantity"] = str(wished if wished != now else now + 1)
        act, body = await self.act(
            f"changes {line['product']} to {line['quantity']}",
            deal["name"],
            "PATCH",
            f"/v1/deals/{deal['id']}",
            json={"lines": lines},
            headers=seen(deal),
        )
        if act.refused is None:
            self._deals[deal["id"]] = body
        return act

    async def _open_like(self, deal: dict[str, Any]) -> Act:
        copied = ("account_id", "owner", "region", "pipeline", "expected_close", "payment_days")
        lines = [
            {name: line[name] for name in ("product", "quantity", "price")}
            for line in deal["lines"]
        ]
        self._deals[deal["id"]] = deal
        name = f"{deal['name'].split(' #')[0]} #{self.dice.randrange(10_000)}"
        act, body = await self.act(
            "opens a deal",
            name,
            "POST",
            "/v1/deals",
            json={"name": name, "lines": lines, **{key: deal[key] for key in copied}},
            headers={"Idempotency-Key": str(uuid4())},
        )
        if act.refused is None:
            self._deals[body["id"]] = body
        return act


@dataclass
class Till(Actor):
    """Sells a few of something over the counter; the goods leave at once."""

    _products: list[dict[str, Any]] = field(default_factory=list)
    _regions: list[str] = field(default_factory=list)

    name = "till"

    async def step(self) -> Act:
        """One sale. Raises NothingToDo: there is nothing to sell."""
        if not self._products:
            await self._look_around()
        if not self._products or not self._regions:
            raise NothingToDo("there is no product or no region")
        product = self.dice.choice(self._products)
        quantity = str(self.dice.randint(1, 5))
        sale = {
            "source": "till",
            "order_line": str(uuid4()),
            "product": product["code"],
            "region": self.dice.choice(self._regions),
            "quantity": quantity,
            "price": product["list_price"],
            "sold_on": self.today.isoformat(),
            "shipped_quantity": quantity,
            "shipped_on": self.today.isoformat(),
        }
        what = f"sells {quantity}"
        act, _ = await self.act(
            what, product["code"], "POST", "/v1/sales/upserts", json={"items": [sale]}
        )
        return act

    async def _look_around(self) -> None:
        products = (await self.read("/v1/products", limit=PAGE))["items"]
        regions = (await self.read("/v1/regions", limit=PAGE))["items"]
        above = {region["parent"] for region in regions}
        self._regions = [region["code"] for region in regions if region["code"] not in above]
        self._products = [product for product in products if product["active"]]


@dataclass
class Erp(Actor):
    """Takes purchase orders one step further, and ships what was won."""

    won: deque[str] = field(default_factory=deque)

    name = "ERP"

    STEPS = (
        ("proposed", "approve"),
        ("approved", "release"),
        ("released", "confirm"),
        ("confirmed", "receive"),
    )

    async def step(self) -> Act:
        """One step of one order, or one shipment. Raises NothingToDo: all is done."""
        if self.won and self.dice.random() < 0.5 and (act := await self._ship(self.won.popleft())):
            return act
        steps: list[tuple[str, str]] = self.dice.sample(self.STEPS, len(self.STEPS))
        for status, verb in steps:
            page = await self.read("/v1/purchase-orders", status=status, limit=PAGE)
            if page["items"]:
                return await self._take(self.dice.choice(page["items"]), verb)
        raise NothingToDo("no purchase order waits")

    async def _take(self, order: dict[str, Any], verb: str) -> Act:
        revision = {"order_revision": int(order["erp_revision"]) + 1}
        body: dict[str, Any] | None = None
        if verb == "confirm":
            body = revision
        if verb == "receive":
            body = {**revision, "everything": True, "received_on": self.today.isoformat()}
        act, _ = await self.act(
            f"{verb}s",
            order["number"],
            "POST",
            f"/v1/purchase-orders/{order['order_id']}/{verb}",
            headers=seen(order),
            json=body,
        )
        return act

    async def _ship(self, deal: str) -> Act | None:
        for sale in (await self.read("/v1/sales", deal_id=deal))["items"]:
            if Decimal(sale["shipped_quantity"]) < Decimal(sale["quantity"]):
                act, _ = await self.act(
                    f"ships {sale['quantity']}",
                    sale["product"],
                    "PUT",
                    f"/v1/sales/{sale['sale_id']}/shipment",
                    headers=seen(sale),
                    json={
                        "shipped_quantity": sale["quantity"],
                        "shipped_on": self.today.isoformat(),
                    },
                )
                return act
        return None


Step = Callable[[], Awaitable[Act]]


def steps_of(client: httpx.AsyncClient, dice: random.Random, today: date) -> dict[Step, int]:
    """What may be done next, with weights: mostly the CRM, then the till, then the ERP."""
    crm = Crm(client, dice, today)
    return {
        crm.step: 60,
        Till(client, dice, today).step: 25,
        Erp(client, dice, today, crm.won).step: 15,
    }
