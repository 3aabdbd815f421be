"""Which site serves which region: demand in a region becomes demand for an item at sites."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from takt.supply_planning.domain.quantity import share_out

WHOLE = 100_000_000
"""Shares are whole numbers of 10^-8, as `numeric(9,8)` holds them; this is 1."""


class SharesNotWholeError(ValueError):
    """The shares of a sourcing rule do not sum to 1."""


@dataclass(frozen=True, slots=True)
class SourcingRule:
    """From a date until the next rule, these sites serve a product in a region.

    Args: shares: site to share, in 10^-8.   Raises: SharesNotWholeError: they do not sum to 1.
    """

    product: str
    region: str
    valid_from: date
    shares: Mapping[str, int]

    def __post_init__(self) -> None:
        if sum(self.shares.values()) != WHOLE or min(self.shares.values()) < 0:
            raise SharesNotWholeError(f"shares of {self.product} in {self.region} do not sum to 1")

    def divide(self, quantity: int) -> dict[str, int]:
        """The quantity of each site; they sum to `quantity`."""
        if len(self.shares) == 1:
            return dict.fromkeys(self.shares, quantity)
        sites = sorted(self.shares)
        parts = share_out(quantity, [self.shares[site] for site in sites])
        return dict(zip(sites, parts, strict=True))


def rule_on(day: date, rules: Sequence[SourcingRule]) -> SourcingRule | None:
    """The rule in force on `day`: the latest that began by then, of rules in date order."""
    return next((rule for rule in reversed(rules) if rule.valid_from <= day), None)


def demand_at_sites(
    dated: Iterable[tuple[date, int]], rules: Sequence[SourcingRule]
) -> dict[str, list[tuple[date, int]]]:
    """Divide dated quantities over the sites in force on each date, without what nobody serves."""
    served: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for day, quantity in dated:
        if quantity and (rule := rule_on(day, rules)):
            for site, part in rule.divide(quantity).items():
                if part:
                    served[site].append((day, part))
    return dict(served)
