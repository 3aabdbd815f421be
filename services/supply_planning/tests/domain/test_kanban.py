from decimal import Decimal
from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.kanban import Loop, Lying, cards_needed, counted, lying

AMOUNTS = st.integers(0, 500)


def test_row_s8_cards_for_a_demand_over_the_lead_time() -> None:
    assert cards_needed(Decimal(100), 5, Decimal("0.2"), Decimal(50)) == 12


def test_row_s8_cards_are_counted_in_decimals() -> None:
    assert ceil(70 * 3 * 1.1 / 21) == 12, "floats"
    assert cards_needed(Decimal(70), 3, Decimal("0.1"), Decimal(21)) == 11


def test_a_demand_that_is_no_decimal_is_counted_exactly() -> None:
    assert cards_needed(Fraction(100, 7), 7, Decimal(0), Decimal(50)) == 2


def test_the_last_piece_of_a_container_sends_its_card_and_not_the_first() -> None:
    loop = Loop(50, 2)
    assert lying(loop, 51, 0).unsignalled == 0
    assert lying(loop, 50, 0) == Lying(1, 0, 1, 0, 1)


def test_a_container_that_came_in_part_is_one_card_with_its_rest() -> None:
    assert lying(Loop(50, 3), 110, 40) == Lying(3, 0, 0, 0, 0)


def test_what_is_on_order_is_not_signalled() -> None:
    assert lying(Loop(50, 4, called=50), 50, 75) == Lying(1, 2, 1, 0, 0)


def test_more_containers_than_cards_are_said() -> None:
    assert lying(Loop(50, 2), 120, 40) == Lying(3, 1, 0, 2, 0)


def test_stock_below_nothing_calls_for_no_more_than_the_cards() -> None:
    assert lying(Loop(50, 2), -60, 0).unsignalled == 2
    assert lying(Loop(50, 2, called=50), -10, 0).unsignalled == 1


@given(st.integers(1, 60), st.integers(1, 20), st.integers(-500, 500), AMOUNTS, AMOUNTS)
def test_every_card_is_somewhere(
    container: int, cards: int, on_hand: int, ordered: int, called: int
) -> None:
    found = lying(Loop(container, cards, called), on_hand, ordered)
    assert found.full + found.on_order + found.free == cards + found.overfull
    assert min(found.full, found.on_order, found.overfull) >= 0
    assert 0 <= found.unsignalled <= found.free <= cards


class Shop:
    """A loop that begins full, followed from change to change."""

    def __init__(self, container: int, cards: int) -> None:
        self.container, self.cards, self.called, self.ordered = container, cards, 0, 0
        self.on_hand = container * cards
        self.signals = 0

    def moves(self, units: int) -> None:
        self.on_hand += units
        loop = Loop(self.container, self.cards, self.called)
        new = lying(loop, self.on_hand, self.ordered).unsignalled
        self.signals += new
        self.called += new * self.container

    def orders(self) -> None:
        """All that was called for is ordered."""
        self.ordered, self.called = self.ordered + self.called, 0

    def receives(self, units: int) -> None:
        units = min(units, self.ordered)
        self.ordered -= units
        self.moves(units)


STEPS = st.lists(
    st.tuples(st.sampled_from(["consume", "return", "order", "receive"]), st.integers(1, 90)),
    max_size=20,
)


@given(st.integers(1, 30), st.integers(1, 6), STEPS, st.integers(1, 9))
def test_each_container_that_is_used_up_is_signalled_once_however_consumption_is_cut(
    container: int, cards: int, steps: list[tuple[str, int]], cut: int
) -> None:
    whole, pieces = Shop(container, cards), Shop(container, cards)
    gone = used_up = 0
    for kind, units in steps:
        if kind == "consume":
            units = min(units, whole.on_hand)
            whole.moves(-units)
            for first in range(0, units, cut):
                pieces.moves(-min(cut, units - first))
            gone += units
        elif kind == "return":
            whole.moves(units)
            pieces.moves(units)
            gone -= units  # what comes back takes no signal back, nor is it signalled again
        else:
            for shop in (whole, pieces):
                if kind == "order":
                    shop.orders()
                else:
                    shop.receives(units)
        used_up = max(used_up, gone // container)
        assert whole.signals == pieces.signals == used_up


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 400))
def test_what_stock_did_not_cover_is_signalled_once_it_is_refilled(
    container: int, cards: int, units: int
) -> None:
    shop = Shop(container, cards)
    shop.moves(-units)
    assert shop.signals == min(units // container, cards)
    while shop.called:
        shop.orders()
        shop.receives(shop.ordered)
    assert shop.signals == units // container


def test_a_count_takes_as_refilled_what_no_order_was_to_bring() -> None:
    loop = Loop(50, 4, called=100)
    assert counted(loop, 60, 0) == 40
    assert counted(loop, 60, 50) == 90
    assert counted(loop, -60, 0) == 100
