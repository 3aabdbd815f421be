"""Random companies for properties: several levels and sites, every lot rule, fences, calendars."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK, LeadTime, WorkingCalendar
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import PHANTOM, Horizon, PlanningPolicy, Supply
from takt.supply_planning.domain.plan import ItemSite, Position
from takt.supply_planning.domain.quantity import ONE

WEDNESDAY = date(2026, 11, 25)
HORIZON = Horizon(WEDNESDAY, weeks=7)
ITEMS = ("bike", "cart", "frame", "wheel", "tube", "bolt")
SITES = ("east", "west")
OFFICE = WorkingCalendar("office", (480, 480, 480, 480, 480, 0, 0))
MARKET = WorkingCalendar("market", (0, 480, 0, 480, 0, 0, 0), {date(2026, 12, 1): 0})
CALENDARS = (ROUND_THE_CLOCK, OFFICE, MARKET)


@dataclass(frozen=True)
class Company:
    bill: BillOfMaterial
    policies: dict[ItemSite, PlanningPolicy]
    positions: dict[ItemSite, Position]


quantities = st.one_of(
    st.integers(0, 60).map(lambda units: units * ONE), st.integers(0, 60 * ONE), st.just(1)
)


@st.composite
def lot_policies(draw: st.DrawFn) -> LotPolicy:
    rule = draw(st.sampled_from(["lot_for_lot", "lot_for_lot", "fixed", "period", "economic"]))
    multiple = draw(st.sampled_from([0, 1, ONE, 3 * ONE, 7_500_001]))
    minimum = draw(st.sampled_from([0, 0, ONE, 10 * ONE, 3_333_333]))
    smallest = -(-minimum // multiple) * multiple if multiple else minimum
    maximum = draw(st.sampled_from([None, None, max(smallest, multiple, 1) + 2 * ONE]))
    quantity = draw(st.sampled_from([ONE, 12 * ONE, 4_000_003]))
    return LotPolicy(rule, quantity, draw(st.integers(1, 4)), minimum, multiple, maximum)


@st.composite
def policies(draw: st.DrawFn, source: str) -> PlanningPolicy:
    if source == "phantom":
        return PHANTOM
    good = st.sampled_from([Decimal(1), Decimal(1), Decimal("0.9"), Decimal("0.37")])
    return PlanningPolicy(
        source,
        safety_stock=draw(st.sampled_from([0, 0, 5 * ONE, 2_345_678])),
        lot=draw(lot_policies()),
        lead=LeadTime(days=draw(st.integers(0, 20)), buffer_days=draw(st.integers(0, 2))),
        fence_days=draw(st.sampled_from([0, 0, 0, 4, 9, 30, 99])),
        tolerance_days=draw(st.sampled_from([0, 0, 3, 8])),
        tolerance_share=draw(st.sampled_from([0, 0, 100_000, 333_333])),
        yield_share=draw(good) if source == "make" else Decimal(1),
        work=draw(st.sampled_from(CALENDARS)),
        receiving=draw(st.sampled_from(CALENDARS)),
    )


days = st.integers(-9, 60).map(lambda number: WEDNESDAY + timedelta(days=number))
supplies = st.builds(
    Supply,
    st.uuids(version=4),
    st.sampled_from(["firm", "scheduled"]),
    days,
    quantities.filter(bool),
    st.none() | days,
)
positions = st.builds(
    Position,
    on_hand=st.integers(-20 * ONE, 60 * ONE),
    demand=st.lists(st.tuples(days, quantities), max_size=4).map(tuple),
    supplies=st.lists(supplies, max_size=3, unique_by=lambda one: one.order_id).map(tuple),
)


shares = st.sampled_from([Decimal(0), Decimal("0.2"), Decimal("0.07")])


@st.composite
def lines_of_pair(draw: st.DrawFn, parent: str, component: str, dated: bool) -> list[BillLine]:
    quantity = st.sampled_from([ONE, 2 * ONE, 250_000, 333_333, 1, 1_000_001])
    turn = draw(st.none() | st.none() | days) if dated else None
    line = BillLine(parent, component, draw(quantity), draw(shares), valid_to=turn)
    if turn is None or draw(st.booleans()):
        return [line]
    start = turn + timedelta(days=draw(st.integers(1, 9)))
    return [line, BillLine(parent, component, draw(quantity), draw(shares), valid_from=start)]


@st.composite
def companies(draw: st.DrawFn, *, dated: bool = True) -> Company:
    pairs = draw(
        st.lists(
            st.sets(st.integers(0, len(ITEMS) - 1), min_size=2, max_size=2).map(sorted),
            max_size=8,
            unique_by=tuple,
        )
    )
    lines = [
        line
        for parent, component in pairs
        for line in draw(lines_of_pair(ITEMS[parent], ITEMS[component], dated))
    ]
    keys = [
        ItemSite(item, site)
        for item in ITEMS
        for site in SITES
        if site == "east" or draw(st.booleans())
    ]
    sources = st.sampled_from(["make", "make", "buy", "phantom"])
    planned = {key: draw(policies(draw(sources))) for key in draw(st.permutations(keys))}
    return Company(
        BillOfMaterial(lines),
        planned,
        {key: draw(positions) for key in planned if draw(st.integers(0, 3))},
    )
