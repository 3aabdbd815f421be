from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.inventory import use_of
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply, net
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.transfers import Place, Transfer, lacking, propose_transfers

from .test_inventory import MONDAY, stocked

DAYS = [MONDAY + timedelta(weeks=number) for number in range(9)]


def place(
    site: str,
    on_hand: int,
    gross: Sequence[int],
    scheduled: Sequence[int] = (),
    *,
    safety: int = 0,
    bought: bool = True,
    new_order_on: date = DAYS[2],
    item: str = "bike",
    cost: str | None = "3",
) -> Place:
    one = stocked(on_hand, gross, scheduled, item=item, safety=safety, cost=cost)
    one = replace(one, key=ItemSite(item, site))
    return Place(one, bought, DAYS[: len(gross)], new_order_on, None, ONE)


def short(moves: Sequence[Transfer]) -> list[tuple[str, str, int, date, date]]:
    return [(m.from_site, m.to_site, m.quantity // ONE, m.needed_by, m.arrives_on) for m in moves]


def test_row_s15_excess_of_one_site_spares_the_purchases_of_another() -> None:
    east = place("east", 100, [5] * 4, safety=10)  # 70 are left
    west = place("west", 0, [10, 0, 10, 30], safety=5)
    moves = propose_transfers([east, west], MONDAY)
    assert short(moves) == [
        ("east", "west", 15, DAYS[0], DAYS[1]),  # too late, and sooner than a new order
        ("east", "west", 10, DAYS[2], DAYS[2]),
        ("east", "west", 30, DAYS[3], DAYS[3]),
    ]
    assert [(move.why, move.saved) for move in moves] == [
        ("shortage", 45),
        ("purchase", 30),
        ("purchase", 90),
    ]


def test_a_site_keeps_what_it_needs_itself_in_any_week() -> None:
    # 60 are left at the end, but 30 only until the receipt of the third week.
    east = place("east", 50, [20, 0, 0], [0, 0, 30])
    west = place("west", 0, [90, 0, 0])
    assert short(propose_transfers([east, west], MONDAY)) == [
        ("east", "west", 30, DAYS[0], DAYS[1])
    ]


def test_what_is_promised_to_a_customer_is_not_moved() -> None:
    east, west = place("east", 50, [0] * 3), place("west", 0, [90, 0, 0])
    bound = Balance(MONDAY, 50 * ONE, (), ((DAYS[2], 35 * ONE),))
    (move,) = propose_transfers([replace(east, balance=bound), west], MONDAY)
    assert move.quantity == 15 * ONE


def test_the_largest_excess_gives_first_and_parts_of_what_is_whole_stay() -> None:
    north, south = place("north", 20, [0]), place("south", 30, [0])
    west = place("west", 0, [60])
    west = replace(west, stocked=replace(west.stocked, gross=[45 * ONE + 1]))
    moves = propose_transfers([west, north, south], MONDAY)
    assert [(move.from_site, move.quantity) for move in moves] == [
        ("north", 15 * ONE),
        ("south", 30 * ONE),
    ]
    assert propose_transfers([replace(one, step=1) for one in (north, south, west)], MONDAY)[
        0
    ].quantity == (15 * ONE + 1)


def test_what_is_made_is_moved_only_where_making_comes_too_late() -> None:
    east = place("east", 100, [0] * 4)
    west = place("west", 0, [0, 10, 10, 10], bought=False)
    (move,) = propose_transfers([east, west], MONDAY)
    assert (move.quantity, move.needed_by, move.why) == (10 * ONE, DAYS[1], "shortage")
    assert (move.spared, move.saved) == (0, 0)


def test_a_shortage_that_ends_before_a_move_arrives_is_left_to_what_comes() -> None:
    east = place("east", 100, [0] * 3)
    west = place("west", 0, [20, 0, 0], [0, 15, 5])
    # 20 are missing in this week, 5 when a move arrives.
    assert short(propose_transfers([east, west], MONDAY)) == [("east", "west", 5, DAYS[0], DAYS[1])]
    assert propose_transfers([east, west], MONDAY, lead_days=14) == []


def test_what_would_come_later_than_a_new_order_is_not_moved() -> None:
    east, west = place("east", 100, [0] * 4), place("west", 0, [0, 0, 0, 20])
    assert len(propose_transfers([east, west], MONDAY, lead_days=21)) == 1
    assert propose_transfers([east, west], MONDAY, lead_days=22) == []


def test_without_a_cost_it_is_not_known_what_is_saved() -> None:
    moves = propose_transfers([place("east", 9, [0]), place("west", 0, [5], cost=None)], MONDAY)
    assert [(move.spared, move.saved) for move in moves] == [(5 * ONE, None)]


def test_items_are_apart() -> None:
    other = place("west", 0, [5], item="car")
    assert propose_transfers([place("east", 9, [0]), other], MONDAY) == []


WEEKS = st.lists(st.integers(0, 12), min_size=4, max_size=4)
PLACES = st.lists(
    st.builds(
        lambda on_hand, gross, scheduled, safety, bought, soon: place(
            "", on_hand, gross, scheduled, safety=safety, bought=bought, new_order_on=DAYS[soon]
        ),
        st.integers(-5, 60),
        WEEKS,
        WEEKS,
        st.integers(0, 10),
        st.booleans(),
        st.integers(0, 4),
    ),
    min_size=2,
    max_size=4,
).map(
    lambda places: [
        replace(one, stocked=replace(one.stocked, key=ItemSite("bike", str(number))))
        for number, one in enumerate(places)
    ]
)


@given(st.integers(-5, 60), WEEKS, WEEKS, st.integers(0, 10))
def test_what_is_lacking_of_what_is_bought_is_what_netting_orders(
    on_hand: int, gross: list[int], scheduled: list[int], safety: int
) -> None:
    one = place("west", on_hand, gross, scheduled, safety=safety, new_order_on=MONDAY)
    supplies = [
        Supply(UUID(int=number), "scheduled", DAYS[number], units * ONE)
        for number, units in enumerate(scheduled)
        if units
    ]
    policy = PlanningPolicy("buy", safety_stock=safety * ONE)
    plan = net(one.stocked.gross, on_hand * ONE, supplies, policy, Horizon(MONDAY, 4))
    assert lacking(one, MONDAY) == list(accumulate(plan.planned))


@given(PLACES, st.integers(0, 15))
def test_no_site_gives_what_it_needs_and_none_gets_more_than_it_lacks(
    places: list[Place], lead_days: int
) -> None:
    moves = propose_transfers(places, MONDAY, lead_days)
    assert moves == propose_transfers(reversed(places), MONDAY, lead_days)
    assert len({move.place for move in moves}) == len(moves)
    for one in places:
        site, stock = one.stocked.key.site, one.stocked
        given = [move for move in moves if move.from_site == site]
        taken = [move for move in moves if move.to_site == site]
        assert not (given and taken)
        assert sum(move.quantity for move in given) <= use_of(stock).excess
        lacks = lacking(one, MONDAY + timedelta(days=lead_days))[-1]
        assert sum(move.quantity for move in taken) <= lacks
        wanted = sum(stock.gross) + stock.safety_stock
        needed = max(wanted - sum(stock.scheduled) - stock.on_hand, 0)
        assert sum(move.spared for move in taken) <= (needed if one.bought else 0)
        assert sum((move.saved or 0 for move in taken), Decimal(0)) <= Decimal(3 * needed) / ONE
        ends = accumulate(
            (more - less for more, less in zip(stock.scheduled, stock.gross, strict=True)),
            initial=stock.on_hand,
        )
        for week, units in enumerate(list(ends)[1:]):
            gone = sum(move.quantity for move in given if move.ship_on < DAYS[week + 1])
            assert not gone or units - gone >= stock.safety_stock
    new_orders = {one.stocked.key.site: one.new_order_on for one in places}
    for move in moves:
        assert move.arrives_on <= max(move.needed_by, new_orders[move.to_site])
        assert MONDAY <= move.ship_on <= max(move.needed_by, MONDAY)
        assert move.arrives_on == move.ship_on + timedelta(days=lead_days)
