"""What can be promised of a wish, by all that is free when it is its turn."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from takt.supply_planning.domain.calendar import DAY
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance, SitePart, promise_by_sites
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.domain.sourcing import SourcingRule
from takt.supply_planning.store.balances import Held
from takt.supply_planning.store.promises import OrderLine


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer wants, and for which line if it is known.

    Args: wanted_on: None for as soon as can be.
    """

    product: str
    region: str
    quantity: Decimal
    wanted_on: date | None
    line: OrderLine

    @property
    def series(self) -> Series:
        """What is sold where."""
        return self.product, self.region

    def day(self, today: date) -> date:
        """The first day on which it may be given."""
        return max(self.wanted_on or today, today)


@dataclass(frozen=True, slots=True)
class Quote:
    """What can be promised of a wish; `orderable_on` is when more could be there at best."""

    parts: tuple[SitePart, ...]
    orderable_on: date | None


@dataclass
class Free:
    """What is free while wishes are decided one after another.

    Args:
        balances: of all item-sites that the wishes may take from.
        held: by the lines that ask: bound in the balances, and free for the line itself.
    """

    network: Network
    today: date
    balances: dict[ItemSite, Balance]
    held: dict[OrderLine, Held]
    _orderable: dict[tuple[str, tuple[str, ...]], date | None] = field(default_factory=dict)

    def take(self, wish: Wish, rule: SourcingRule | None) -> Quote:
        """Take what can be promised of a wish; where that is nothing, its line keeps what it has.

        Args: rule: which sites serve it; None when none does.
        """
        if rule is None:
            return Quote((), None)
        free = dict(self.balances)
        if own := self.held.get(wish.line):
            for site, day, units in own.parts:
                if (key := ItemSite(own.product, site)) in free:
                    free[key] = free[key].giving_back([(day, units)])
        quantity = to_millionths(wish.quantity)
        here = {
            site: free[key] for site in rule.shares if (key := ItemSite(wish.product, site)) in free
        }
        parts = promise_by_sites(rule, here, quantity, wish.day(self.today))
        for site, day, units in parts:
            key = ItemSite(wish.product, site)
            free[key] = free[key].binding([(day, units)])
        if parts:
            self.balances = free
            self.held.pop(wish.line, None)
        missing = sum(part.quantity for part in parts) < quantity
        return Quote(parts, self._orderable_on(wish.product, rule) if missing else None)

    def _orderable_on(self, product: str, rule: SourcingRule) -> date | None:
        """When a unit that is ordered today, with all that it is made of, could be everywhere.

        By hand: within the planning time fence, too, in which nothing is proposed.
        """
        sites = tuple(sorted(site for site, share in rule.shares.items() if share))
        if (product, sites) not in self._orderable:
            days = [self._made_on(ItemSite(product, site)) for site in sites]
            known = [day for day in days if day is not None]
            whole = len(known) == len(days)
            self._orderable[product, sites] = max(known, default=self.today) if whole else None
        return self._orderable[product, sites]

    def _made_on(self, key: ItemSite) -> date | None:
        """When what is ordered today could be at a site; None: it is not planned there."""
        if key not in self.network.policies:
            return None

        def begins(due: date) -> date:
            return min(day for _, day in self.network.critical_path(key.item, key.site, due))

        due = self.today
        while (begin := begins(due)) < self.today:
            due += self.today - begin
        # The days that were closed on the way back need not be closed on the way there.
        while due > self.today and begins(due - DAY) >= self.today:
            due -= DAY
        return due


def serving(series: Series, rules: Collection[SourcingRule], network: Network) -> set[ItemSite]:
    """Where what these rules ship of a series is planned."""
    keys = {ItemSite(series[0], site) for rule in rules for site, one in rule.shares.items() if one}
    return keys & network.policies.keys()
