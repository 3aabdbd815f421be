"""Random companies: bills with dates, scrap and alternates, phantoms, yields, lots and fences."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial, Part
from takt.supply_planning.domain.calendar import LeadTime, WorkingCalendar
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import PHANTOM, Horizon, PlanningPolicy, Supply
from takt.supply_planning.domain.plan import ItemSite, Position
from takt.supply_planning.domain.quantity import ONE

HORIZON = Horizon(date(2026, 11, 25), weeks=7)
WEEKDAYS = WorkingCalendar("weekdays", (480,) * 5 + (0, 0))
LOTS = (
    LotPolicy(),
    LotPolicy(),
    LotPolicy(minimum=10, multiple=4),
    LotPolicy("fixed", 7),
    LotPolicy("period", periods=3),
    LotPolicy("economic", 9, maximum=30),
)


@dataclass(frozen=True)
class Model:
    """A company at two sites."""

    bill: BillOfMaterial
    policies: dict[ItemSite, PlanningPolicy]

    @property
    def keys(self) -> list[ItemSite]:
        """Everything that is planned."""
        return list(self.policies)


def some_day(dice: random.Random) -> date:
    return HORIZON.today + timedelta(days=dice.randint(-9, 60))


def model(dice: random.Random, items: int = 9) -> Model:
    """Items take others of a higher number only; what stands in has no components."""
    codes = [f"i{number}" for number in range(items)]
    lines = []
    for number, parent in enumerate(codes[:-3]):
        for component in codes[number + 1 :]:
            if dice.random() < 0.35:
                lines += _lines(dice, parent, component, codes[-3:])
    made = {line.parent for line in lines}
    policies = {
        ItemSite(code, site): _policy(dice, code in made)
        for code in codes
        for site in ("east", "west")
        if dice.random() < 0.9
    }
    return Model(BillOfMaterial(lines), policies)


def _lines(dice: random.Random, parent: str, component: str, last: list[str]) -> list[BillLine]:
    def part(code: str) -> Part:
        return Part(code, dice.randint(1, 3 * ONE), Decimal(dice.choice(["0", "0", "0.3"])))

    others = [code for code in last if code != component and component in last]
    alternates = tuple(map(part, dice.sample(others, dice.randint(0, len(others)))))
    first = part(component)
    turn = some_day(dice) if dice.random() < 0.3 else None
    line = BillLine(
        parent, component, first.quantity_per, first.scrap, None, turn, alternates=alternates
    )
    if turn is None or dice.random() < 0.5:
        return [line]
    after = part(component)
    start = turn + timedelta(days=dice.randint(1, 9))
    return [line, BillLine(parent, component, after.quantity_per, after.scrap, start)]


def _policy(dice: random.Random, made: bool) -> PlanningPolicy:
    if made and dice.random() < 0.2:
        return PHANTOM
    return PlanningPolicy(
        "make" if made else "buy",
        safety_stock=dice.choice([0, 0, 5]),
        lot=dice.choice(LOTS),
        lead=LeadTime(dice.randint(0, 25), dice.choice([0, 0, 60 * ONE])),
        fence_days=dice.choice([0, 0, 10]),
        yield_share=Decimal(dice.choice(["1", "0.9", "0.37"])) if made else Decimal(1),
        receiving=dice.choice([WEEKDAYS, PlanningPolicy("buy").receiving]),
    )


def position(dice: random.Random) -> Position:
    """Stock, open orders and demand of an item-site."""
    demand = sorted((some_day(dice), dice.randint(0, 40)) for _ in range(dice.randint(0, 3)))
    supplies = tuple(
        Supply(
            UUID(int=dice.getrandbits(120)),
            dice.choice(["firm", "scheduled"]),
            some_day(dice),
            dice.randint(1, 40),
            dice.choice([None, some_day(dice)]),
        )
        for _ in range(dice.randint(0, 2))
    )
    return Position(dice.randint(-10, 60), supplies, tuple(demand))
