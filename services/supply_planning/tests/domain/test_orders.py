from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.lots import PriceBreak
from takt.supply_planning.domain.netting import Horizon, PlannedOrder
from takt.supply_planning.domain.orders import (
    Answer,
    OrderRefusedError,
    PurchaseOrder,
    SupplierTerms,
    answer,
    approve,
    cancel,
    change,
    changed_terms,
    propose,
    release,
    supply_of,
)
from takt.supply_planning.domain.quantity import ONE

MONDAY = date(2026, 11, 23)
HORIZON = Horizon(MONDAY)
TERMS = SupplierTerms(
    "acme", (PriceBreak(0, Decimal(5)), PriceBreak(100 * ONE, Decimal(4))), payment_days=30
)


def planned(week: int, quantity: int) -> PlannedOrder:
    due = MONDAY + timedelta(weeks=week)
    return PlannedOrder(week, due, due - timedelta(days=10), (quantity * ONE,))


def proposed(
    *orders: PlannedOrder,
    known: list[PurchaseOrder] | None = None,
    terms: SupplierTerms | None = TERMS,
) -> list[PurchaseOrder]:
    return propose(orders, known or [], "bolt", "east", terms, HORIZON)


def one(**changes: object) -> PurchaseOrder:
    (order,) = proposed(planned(4, 50))
    return replace(order, **changes)  # type: ignore[arg-type]


def test_a_planned_order_becomes_a_proposal_at_the_price_of_its_break() -> None:
    small, large = proposed(planned(3, 99), planned(4, 100))
    assert (small.status, small.price, small.amount) == ("proposed", 5, 495)
    assert (large.price, large.amount, large.due_period) == (4, 400, date(2026, 12, 21))


def test_the_same_proposal_has_the_same_identity_and_says_nothing() -> None:
    assert one().order_id == one().order_id
    assert proposed(planned(4, 50), known=[one()]) == []


def test_a_proposal_is_revised_in_place() -> None:
    (revised,) = proposed(planned(4, 120), known=[one()])
    assert revised.order_id == one().order_id
    assert revised.sequence == 2
    assert changed_terms(one(), revised) == ("quantity", "price")


def test_a_proposal_without_need_is_cancelled_and_comes_back_as_itself() -> None:
    (gone,) = proposed(known=[one()])
    assert (gone.status, gone.sequence) == ("cancelled", 2)
    assert proposed(known=[gone]) == []
    (back,) = proposed(planned(4, 50), known=[gone])
    assert (back.status, back.sequence, back.order_id) == ("proposed", 3, gone.order_id)


def test_an_approved_order_is_left_alone_and_more_need_is_another_proposal() -> None:
    approved = approve(one())
    (other,) = proposed(planned(4, 7), known=[approved])
    assert other.order_id != approved.order_id
    assert other.generation == 1
    assert proposed(known=[approved]) == []


def test_another_supplier_is_another_order() -> None:
    changed = proposed(planned(4, 50), known=[one()], terms=replace(TERMS, supplier="best"))
    assert {(order.supplier, order.status) for order in changed} == {
        ("best", "proposed"),
        ("acme", "cancelled"),
    }


def test_what_is_no_longer_bought_is_withdrawn() -> None:
    assert [order.status for order in proposed(planned(4, 50), known=[one()], terms=None)] == [
        "cancelled"
    ]


def test_an_order_goes_from_proposal_to_receipt_in_parts() -> None:
    order = release(approve(one()))
    order = answer(order, Answer(1, "confirmed", Decimal(48), date(2026, 12, 23)))
    assert (order.status, order.agreed_quantity, order.agreed_due) == (
        "confirmed",
        48,
        date(2026, 12, 23),
    )
    order = answer(order, Answer(2, "received", Decimal(20), received_on=MONDAY))
    supply = supply_of(order)
    assert order.status == "confirmed"
    assert supply is not None
    assert supply.quantity == 28 * ONE
    order = answer(order, Answer(3, "received", Decimal(48), received_on=MONDAY))
    assert (order.status, supply_of(order)) == ("received", None)


def test_a_proposal_brings_nothing_and_an_approved_order_is_firm() -> None:
    assert supply_of(one()) is None
    firm = supply_of(approve(one()))
    scheduled = supply_of(release(approve(one())))
    assert firm is not None
    assert scheduled is not None
    assert (firm.kind, scheduled.kind) == ("firm", "scheduled")


def test_an_older_answer_changes_nothing() -> None:
    order = answer(release(approve(one())), Answer(5, "confirmed", Decimal(40)))
    assert answer(order, Answer(4, "changed", Decimal(99))) is order
    assert answer(order, Answer(5, "changed", Decimal(99))) is order


def ten_days_before(due: date, _: Decimal) -> date:
    return due - timedelta(days=10)


def test_a_changed_approved_order_is_released_a_lead_time_before() -> None:
    late = one(release_on=one().due_on)
    changed = change(approve(late), Decimal(60), date(2026, 12, 28), ten_days_before)
    assert (changed.status, changed.quantity) == ("approved", 60)
    assert changed.release_on == date(2026, 12, 18)


def test_a_sent_order_is_changed_as_the_supplier_agreed() -> None:
    changed = change(release(approve(one())), Decimal(60), None, ten_days_before)
    assert (changed.status, changed.agreed_quantity, changed.erp_revision) == ("confirmed", 60, 1)


def test_a_cancelled_order_is_no_supply_and_makes_room_for_another() -> None:
    order = cancel(approve(one()))
    assert (order.status, supply_of(order)) == ("cancelled", None)
    (again,) = proposed(planned(4, 50), known=[order])
    assert again.order_id != order.order_id


@pytest.mark.parametrize(
    ("action", "order", "remedy"),
    [
        (approve, approve(one()), "only a proposed order"),
        (release, one(), "approve it first"),
        (release, cancel(approve(one())), "approve it first"),
        (cancel, one(), "planning withdraws"),
        (lambda order: change(order, Decimal(1), None, ten_days_before), one(), "approve it first"),
    ],
)
def test_a_step_that_the_state_does_not_allow_is_refused_with_a_remedy(
    action, order: PurchaseOrder, remedy: str
) -> None:
    with pytest.raises(OrderRefusedError, match=remedy):
        action(order)


answers = st.lists(
    st.builds(
        Answer,
        st.integers(1, 9),
        st.sampled_from(["confirmed", "changed", "received", "cancelled"]),
        st.integers(0, 60).map(Decimal),
        st.sampled_from([None, MONDAY, MONDAY + timedelta(days=9)]),
        st.just(MONDAY),
    ),
    unique_by=lambda said: said.revision,
    max_size=6,
)


@given(answers, st.data())
def test_answers_in_any_order_and_repeated_give_the_same_order(
    said: list[Answer], data: st.DataObject
) -> None:
    order = release(approve(one()))
    shuffled = data.draw(st.permutations(said * 3))
    straight = mixed = order
    for each in sorted(said, key=lambda each: each.revision):
        straight = answer(straight, each)
    for each in shuffled:
        mixed = answer(mixed, each)
    assert replace(mixed, sequence=0) == replace(straight, sequence=0)
