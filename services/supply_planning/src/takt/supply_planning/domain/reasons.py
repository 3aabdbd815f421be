"""Why customers want a product at a site: sales, deals and the baseline, in parts that sum to it.

Each week of a forecast is divided over sites as planning divides it, and what a site has of it over
its reasons.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from takt.supply_planning.domain.demand import ForecastWeek
from takt.supply_planning.domain.network import Series
from takt.supply_planning.domain.origins import Origin, Part
from takt.supply_planning.domain.quantity import share_out
from takt.supply_planning.domain.sourcing import SourcingRule, rule_on

DealLine = tuple[UUID, UUID]
"""A deal and its line."""


@dataclass(frozen=True, slots=True)
class ForecastReasons:
    """A forecast's weeks, and what deals are known to ask for in each."""

    weeks: Sequence[ForecastWeek]
    deals: Mapping[date, Sequence[tuple[DealLine, int]]]


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for in a series: its forecast, and direct sales by the day they are wanted."""

    forecast: ForecastReasons
    sales: Mapping[date, Mapping[UUID, int]]


def reasons_of_week(
    series: Series, week: ForecastWeek, deals: Sequence[tuple[DealLine, int]]
) -> list[tuple[Origin, int]]:
    """A forecast week by its reasons: they sum to it.

    Deals that are known to ask for more than the pipeline part share it in proportion.
    """
    pipeline = week.quantity - week.baseline
    known = [(line, units) for line, units in deals if units]
    shares: Sequence[int] = [units for _, units in known]
    if (asked := sum(shares)) > pipeline:
        shares = share_out(pipeline, shares)
    found = [
        (Origin("deal", *series, week.week, deal, line), units)
        for ((deal, line), _), units in zip(known, shares, strict=True)
    ]
    found.append((Origin("pipeline", *series, week.week), max(pipeline - asked, 0)))
    found.append((Origin("baseline", *series, week.week), week.baseline))
    return [(origin, units) for origin, units in found if units]


def wanted_at_site(
    series: Series,
    asking: Asking,
    rules: Sequence[SourcingRule],
    site: str,
    today: date,
    asked: Callable[[date], bool] = lambda _: True,
) -> list[tuple[date, Part]]:
    """What is asked for at a site, by day; what is overdue is for today.

    Args: asked: for which days.
    """
    wanted: list[tuple[date, Part]] = []
    for day, sold in sorted(asking.sales.items()):
        if asked(due := max(day, today)):
            sales = [
                (Origin("sale", *series, day, sale), units) for sale, units in sorted(sold.items())
            ]
            wanted += _at_site(due, sales, rules, site)
    for week in asking.forecast.weeks:
        if asked(week.week):
            reasons = reasons_of_week(series, week, asking.forecast.deals.get(week.week, ()))
            wanted += _at_site(week.week, reasons, rules, site)
    return wanted


def _at_site(
    day: date, asked: Sequence[tuple[Origin, int]], rules: Sequence[SourcingRule], site: str
) -> list[tuple[date, Part]]:
    rule = rule_on(day, rules)
    if rule is None or not asked:
        return []
    here = rule.divide(sum(units for _, units in asked)).get(site, 0)
    shares = share_out(here, [units for _, units in asked])
    return [
        (day, Part(origin, (), units))
        for (origin, _), units in zip(asked, shares, strict=True)
        if units
    ]
