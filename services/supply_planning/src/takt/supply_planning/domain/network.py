"""What planning works in: bills, policies, suppliers' terms and sourcing, as of a revision.

It changes rarely and is read at each change of demand, so processes keep it in memory and compare
its revision.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property

from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.calendar import release_date
from takt.supply_planning.domain.consumption import OWN_BUCKET, Windows
from takt.supply_planning.domain.netting import WEEK, Horizon, PlanningPolicy
from takt.supply_planning.domain.orders import SupplierTerms
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.sourcing import SourcingRule, rule_on

Series = tuple[str, str]
"""A product in a region: what is forecast."""


@dataclass(frozen=True)
class Network:
    """The rarely changing part of planning.

    Args:
        revision: counts its changes.
        policies: of every item-site that is planned.
        terms: of the supplier that each bought item-site is bought from.
        sourcing: the rules of each series, in order of their dates.
        windows: how far orders consume forecast.
    """

    revision: int
    bill: BillOfMaterial
    policies: Mapping[ItemSite, PlanningPolicy]
    terms: Mapping[ItemSite, SupplierTerms]
    sourcing: Mapping[Series, Sequence[SourcingRule]]
    zone: tzinfo = field(default=UTC)
    windows: Windows = OWN_BUCKET

    def horizon(self, now: datetime) -> Horizon:
        """The weeks from the company's today on."""
        return Horizon(self.today(now))

    def today(self, now: datetime) -> date:
        """The company's date."""
        return now.astimezone(self.zone).date()

    def serving(self, series: Collection[Series]) -> dict[ItemSite, set[Series]]:
        """The item-sites that serve these series at any time, each with those it serves."""
        served: dict[ItemSite, set[Series]] = {}
        for product, region in series:
            for rule in self.sourcing.get((product, region), ()):
                for site in rule.shares:
                    served.setdefault(ItemSite(product, site), set()).add((product, region))
        return served

    @cached_property
    def served_by(self) -> Mapping[ItemSite, set[Series]]:
        """All series of each item-site."""
        return self.serving(tuple(self.sourcing))

    def split(self, series: Series, quantity: int, day: date) -> dict[str, int]:
        """What each site ships of a quantity; nothing when nobody serves the series on that day."""
        rule = rule_on(day, self.sourcing.get(series, ()))
        return rule.divide(quantity) if rule else {}

    def demand_fences(self, product: str, horizon: Horizon) -> dict[str, date]:
        """Of the sites at which a product has a demand time fence, the first day after it."""
        return {
            site: horizon.first_week + horizon.after(days) * WEEK
            for site, days in self._demand_fences.get(product, ())
        }

    @cached_property
    def _demand_fences(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        fences: dict[str, list[tuple[str, int]]] = {}
        for key, policy in self.policies.items():
            if policy.demand_fence_days:
                fences.setdefault(key.item, []).append((key.site, policy.demand_fence_days))
        return fences

    def critical_path(self, item: str, site: str, due: date) -> tuple[tuple[str, date], ...]:
        """Items and the dates at which one unit of `item` must begin to be there on `due`.

        What is bought begins with its order, and its supplier looks after what is below it.
        """

        def start(one: str, needed: date) -> date:
            policy = self.policies.get(ItemSite(one, site))
            if policy is None:
                return needed
            return release_date(needed, policy.lead, policy.to_start(ONE), policy.work)

        def made(one: str) -> bool:
            policy = self.policies.get(ItemSite(one, site))
            return policy is None or policy.source != "buy"

        return self.bill.critical_path(item, due, start, made)
