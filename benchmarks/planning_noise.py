"""How many action messages noise makes, with the tolerances by default and without any.

    python -m benchmarks.planning_noise

A company as it was planned: every item has stock, a lot rule and a lead time; what was planned for
the next weeks has become open orders, the near ones sent, the later ones agreed. From then on every
weekly demand of every item is told anew each day, by up to two per cent more or less than it was
planned with. Counted is what is told: a message that was not there, or was another, the day before.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.messages import Communicated, Message, advise
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply, net
from takt.supply_planning.domain.quantity import ONE, to_millionths
from takt.supply_planning.schemas.network import ItemSite

NOISE = 0.02
DAYS = 7
TODAY = date(2026, 11, 23)
BY_DEFAULT = to_millionths(ItemSite(site="any", source="buy").tolerance_share)


class Item:
    """An item as it was planned, with its open orders."""

    def __init__(self, dice: random.Random) -> None:
        self.weekly = dice.choice([5, 40, 300, 2500])
        lot = dice.choice(
            [
                LotPolicy(),
                LotPolicy("period", periods=dice.randint(2, 4)),
                LotPolicy(minimum=self.weekly * dice.randint(1, 5) * ONE, multiple=5 * ONE),
                LotPolicy("fixed", self.weekly * dice.randint(1, 6) * ONE),
            ]
        )
        self.policy = PlanningPolicy(
            "buy",
            safety_stock=self.weekly * dice.randint(0, 2) * ONE,
            lot=lot,
            lead=LeadTime(days=dice.randint(3, 45)),
        )
        horizon = Horizon(TODAY)
        self.demand = [
            round(self.weekly * dice.uniform(0.6, 1.4)) * ONE for _ in range(horizon.weeks)
        ]
        lead_weeks = 1 + self.policy.lead.days // 7
        self.on_hand = self.policy.safety_stock + sum(self.demand[:lead_weeks])
        planned = net(self.demand, self.on_hand, (), self.policy, horizon).orders
        self.supplies = [
            Supply(
                UUID(int=dice.getrandbits(128)),
                "scheduled" if order.release <= TODAY + timedelta(weeks=2) else "firm",
                order.due,
                order.quantity,
                order.release + timedelta(weeks=52),  # releases are no news of noise
            )
            for order in planned
            if order.bucket <= lead_weeks + 6
        ]

    def told(self, noise: list[list[float]], tolerance_share: int) -> Iterator[Message]:
        """What is told in so many days, each with its own noise on every week."""
        policy = replace(self.policy, tolerance_share=tolerance_share)
        seen: dict[UUID, Communicated] = {}
        yesterday: set[Message] = set()
        for day, factors in enumerate(noise):
            horizon = Horizon(TODAY + timedelta(days=day))
            demand = [round(units * f) for units, f in zip(self.demand, factors, strict=True)]
            plan = net(demand, self.on_hand, self.supplies, policy, horizon)
            advice = advise(plan.needs, plan.orders, self.supplies, seen, policy, horizon)
            seen = dict(advice.communicated)
            yield from set(advice.messages) - yesterday
            yesterday = set(advice.messages)


def noise_messages(items: int) -> tuple[int, int]:
    """Messages that noise makes without tolerances, and with those by default."""
    dice = random.Random(5)
    damped = plain = 0
    for _ in range(items):
        item = Item(dice)
        noise = [[1 + dice.uniform(-NOISE, NOISE) for _ in item.demand] for _ in range(DAYS)]
        plain += sum(1 for _ in item.told(noise, 0))
        damped += sum(1 for _ in item.told(noise, BY_DEFAULT))
    return plain, damped


def main(items: int = 1000) -> None:
    """Print the share."""
    plain, damped = noise_messages(items)
    print(
        f"{items:,} items, demand +-{NOISE:.0%} each day of a week: {plain:,} messages without"
        f" tolerances, {damped:,} with those by default: {damped / plain:.2%} (aim: 2 % at most)"
    )


if __name__ == "__main__":
    main()
