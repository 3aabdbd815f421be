"""How deals arrive, move through the default pipeline, and are won or lost.

Deals arrive at a steady rate and stay in each stage for a random time, so that the open ones of
today, the closed ones of the last 18 months and the sales they became all come from one process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from takt.standalone.company.demand import (
    DEAL_SHARE,
    HISTORY_WEEKS,
    Demand,
    list_price_on,
    wanted_on,
)
from takt.standalone.company.rows import (
    Account,
    Deal,
    DealLine,
    DealStatus,
    Sale,
    StageEntry,
    Team,
)

CLOSED_DEALS_KEPT = timedelta(weeks=78)
"""Deals that closed earlier live on only as sales."""

_DEALS_A_WEEK = 19.5
_WARM_UP_WEEKS = 40
_LINES_A_DEAL = ((1, 25), (2, 35), (3, 25), (4, 15))
_OTHER_FAMILY = 0.2
_FORGOTTEN = 0.03
_LONGEST_DWELL_DAYS = 210

_WON_REASONS = ("delivery time", "product fit", "service network", "price")
_LOST_REASONS = ("price", "competitor", "no budget", "no decision", "delivery time")


@dataclass(frozen=True, slots=True)
class _Stage:
    """Mean days until the deal moves on, and how: forward, one back, two forward, else lost."""

    code: str
    days: float
    forward: float
    back: float = 0.0
    skip: float = 0.0


_STAGES = (
    _Stage("lead-qualification", 21, forward=0.78, skip=0.04),
    _Stage("needs-confirmation", 31, forward=0.86),
    _Stage("solution-design", 44, forward=0.83, back=0.05),
    _Stage("negotiation", 38, forward=0.80, back=0.05),
)
_SHAPE = 1.6
_CODES = tuple(stage.code for stage in _STAGES)
WIN_RATE = 0.52
"""The part of deals that these stages win; a test measures it."""


@dataclass(frozen=True, slots=True)
class _Course:
    """Where a deal has been; `next_move` is when an open one would have moved on."""

    history: tuple[StageEntry, ...]
    status: DealStatus
    next_move: datetime


def generate_deals(
    demand: Demand,
    accounts: Sequence[Account],
    teams: Sequence[Team],
    as_of: datetime,
    seed: int,
) -> tuple[list[Deal], list[Sale]]:
    """Open deals and those closed since `CLOSED_DEALS_KEPT`, and the sales of all won ones.

    A sale of a deal that is kept names it and its line, at the same quantity and price.
    """
    random = Random(f"{seed}:deals")
    writer = _DealWriter(demand, accounts, teams, as_of, random)
    deals: list[Deal] = []
    sales: list[Sale] = []
    opened = as_of - timedelta(weeks=HISTORY_WEEKS + _WARM_UP_WEEKS)
    while True:
        opened += timedelta(weeks=random.expovariate(_DEALS_A_WEEK))
        start = _in_working_hours(opened, random)
        if start >= as_of:
            return deals, sales
        course = _run(start, as_of, random)
        deal = writer.write(course)
        kept = deal.status == "open" or deal.history[-1].entered_at >= as_of - CLOSED_DEALS_KEPT
        if kept:
            deals.append(deal)
        first_week = datetime.combine(demand.weeks[0], time(), as_of.tzinfo)
        if deal.status == "won" and deal.history[-1].entered_at >= first_week:
            sales += _sales(deal, kept, as_of.date())


def _run(opened: datetime, as_of: datetime, random: Random) -> _Course:
    """Move a deal from stage to stage until it closes or the present is reached."""
    place = 0
    history = [StageEntry(_CODES[0], opened)]
    while True:
        stage = _STAGES[place]
        days = random.gammavariate(_SHAPE, stage.days / _SHAPE)
        if random.random() < _FORGOTTEN:
            days *= 4
        after = history[-1].entered_at + timedelta(days=min(days, _LONGEST_DWELL_DAYS), hours=1)
        moved = max(_in_working_hours(after, random), history[-1].entered_at + timedelta(hours=1))
        if moved >= as_of:
            return _Course(tuple(history), "open", moved)
        draw = random.random()
        if draw < stage.forward:
            place += 1
        elif draw < stage.forward + stage.back:
            place -= 1
        elif draw < stage.forward + stage.back + stage.skip:
            place += 2
        else:
            history.append(StageEntry("lost", moved))
            return _Course(tuple(history), "lost", moved)
        if place == len(_STAGES):
            history.append(StageEntry("won", moved))
            return _Course(tuple(history), "won", moved)
        history.append(StageEntry(_CODES[place], moved))


class _DealWriter:
    """Gives a course its customer, owner, lines, dates and price."""

    def __init__(
        self,
        demand: Demand,
        accounts: Sequence[Account],
        teams: Sequence[Team],
        as_of: datetime,
        random: Random,
    ) -> None:
        self._demand = demand
        self._today = as_of.date()
        self._random = random
        self._count = 0
        self._accounts = {
            region.code: [account for account in accounts if account.region == region.code]
            for region in demand.regions
        }
        self._teams = {
            region.code: [team for team in teams if team.region == region.code]
            for region in demand.regions
        }
        families = sorted({product.family for product in demand.products})
        self._families = {
            family: [p for p, product in enumerate(demand.products) if product.family == family]
            for family in families
        }
        total_lines = sum(lines * weight for lines, weight in _LINES_A_DEAL)
        lines_a_deal = total_lines / sum(weight for _, weight in _LINES_A_DEAL)
        lines_a_week = _DEALS_A_WEEK * WIN_RATE * lines_a_deal / len(demand.products)
        self._usual_quantity = [
            DEAL_SHARE * product.weekly_demand / lines_a_week for product in demand.products
        ]

    def write(self, course: _Course) -> Deal:
        """The deal of a course."""
        random = self._random
        self._count += 1
        shares = [region.share for region in self._demand.regions]
        [place] = random.choices(range(len(shares)), shares)
        region = self._demand.regions[place].code
        # Squaring prefers the first of a region: a few customers buy most.
        customers = self._accounts[region]
        account = customers[int(len(customers) * random.random() ** 2)]
        team = random.choice(self._teams[region])
        closes = self._expected_close(course)
        external_id = f"OPP-{20000 + self._count}"
        family = random.choice(list(self._families))
        stage = course.history[-1].stage
        past_needs = stage not in _CODES[:2]
        return Deal(
            external_id=external_id,
            name=f"{account.name}: {family.lower()}",
            account=account.external_id,
            owner=random.choice(team.owners),
            team=team.code,
            region=region,
            status=course.status,
            payment_days=account.payment_days,
            lines=self._lines(external_id, family, place, closes),
            history=course.history,
            expected_close=closes,
            manual_probability=(
                Decimal(random.randrange(10, 95, 5)) / 100
                if course.status == "open" and random.random() < 0.2
                else None
            ),
            requirements_completed=past_needs or (stage == _CODES[1] and random.random() < 0.6),
            reason={
                "open": None,
                "won": random.choice(_WON_REASONS),
                "lost": random.choice(_LOST_REASONS),
            }[course.status],
        )

    def _expected_close(self, course: _Course) -> date:
        """When a closed deal closed; for an open one the hopeful date of its owner."""
        if course.status != "open":
            return course.next_move.date()
        place = _CODES.index(course.history[-1].stage)
        days_after = sum(stage.days for stage in _STAGES[place + 1 :])
        hoped = course.next_move + timedelta(days=days_after * self._random.uniform(0.4, 1.0))
        return _working_day(hoped.date())

    def _lines(self, deal: str, family: str, region: int, closes: date) -> tuple[DealLine, ...]:
        random = self._random
        counts, weights = zip(*_LINES_A_DEAL, strict=True)
        [count] = random.choices(counts, weights)
        everything = range(len(self._demand.products))
        chosen: dict[int, None] = {}
        while len(chosen) < count:
            own = random.random() >= _OTHER_FAMILY
            chosen[random.choice(self._families[family] if own else everything)] = None
        requested_on = wanted_on(closes + timedelta(days=random.randrange(7, 42)))
        return tuple(
            DealLine(
                reference=f"{deal}-{number}",
                product=self._demand.products[p].code,
                quantity=self._quantity(p, region, requested_on),
                price=self._price(p, closes),
                requested_on=requested_on,
            )
            for number, p in enumerate(chosen, start=1)
        )

    def _quantity(self, product: int, region: int, day: date) -> Decimal:
        spread = self._random.lognormvariate(-0.18, 0.6)
        relative = self._demand.relative(product, region, day)
        return Decimal(max(1, round(self._usual_quantity[product] * relative * spread)))

    def _price(self, product: int, closes: date) -> Decimal:
        discount = self._random.triangular(0.02, 0.18, 0.08)
        day = min(closes, self._today)
        price = list_price_on(self._demand.products[product].list_price, day, self._today)
        return (price * Decimal(1 - discount)).quantize(Decimal("0.01"))


def _sales(deal: Deal, kept: bool, today: date) -> list[Sale]:
    """The ERP's order lines of a won deal."""
    sold_on = deal.history[-1].entered_at.date()
    return [
        Sale(
            order_line=f"SO-{deal.external_id.removeprefix('OPP-')}-{number}",
            product=line.product,
            region=deal.region,
            quantity=line.quantity,
            price=line.price,
            sold_on=sold_on,
            requested_on=line.requested_on,
            shipped_on=line.requested_on if line.requested_on < today else None,
            payment_days=deal.payment_days,
            deal=deal.external_id if kept else None,
            deal_line=line.reference if kept else None,
        )
        for number, line in enumerate(deal.lines, start=1)
    ]


def _in_working_hours(moment: datetime, random: Random) -> datetime:
    """The same or the next working day, at some minute between eight and six."""
    return datetime.combine(
        _working_day(moment.date()),
        time(8 + random.randrange(10), random.randrange(60)),
        moment.tzinfo,
    )


def _working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day
