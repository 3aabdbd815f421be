from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.deals.domain.price import (
    Approval,
    Offer,
    PriceRule,
    ProductPrice,
    Terms,
    check_offer,
    check_rule,
    effective_ceiling,
    effective_floor,
    highest_floor,
    lowest_ceiling,
    voided_by,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PUMP = ProductPrice("pump", Decimal(100), Decimal(20))
RULE = PriceRule(
    "usual",
    "sales-manager",
    maximum_discount=Decimal("0.35"),
    maximum_surcharge=Decimal("0.10"),
    minimum_margin=Decimal(60),
    maximum_payment_days=30,
    maximum_warranty_months=24,
)
OFFER = Offer(UUID(int=1), "pump", Decimal(5), Decimal(70))
APPROVAL = Approval(
    UUID(int=9), "sales-manager", frozenset({OFFER}), Terms(), NOW + timedelta(days=7)
)


def refused(offer: Offer, terms: Terms = Terms(), *approvals: Approval) -> list[str]:  # noqa: B008
    return [r.reason for r in check_offer(offer, terms, PUMP, [RULE], approvals, NOW)]


def test_the_margin_per_unit_makes_the_floor_80() -> None:
    assert effective_floor(PUMP, RULE) == 80


def test_a_gross_margin_of_60_per_cent_makes_the_floor_65() -> None:
    rule = replace(RULE, minimum_margin=None, minimum_gross_margin=Decimal("0.60"))
    assert effective_floor(PUMP, rule) == 65


def test_a_contract_floor_above_the_others_holds() -> None:
    assert effective_floor(PUMP, replace(RULE, contract_floor=Decimal(90))) == 90


def test_a_rule_without_limits_has_no_floor_and_no_ceiling() -> None:
    rule = PriceRule("free", "sales-manager")
    assert effective_floor(PUMP, rule) is None
    assert effective_ceiling(PUMP, rule) is None


def test_an_unknown_cost_leaves_the_discount_to_decide() -> None:
    assert effective_floor(replace(PUMP, cost=None), RULE) == 65


@given(
    st.decimals("0.01", "10000", places=2),
    st.decimals("0", "10000", places=2),
    st.decimals("0", "0.99", places=2),
    st.decimals("0", "0.99", places=2),
)
def test_the_floor_keeps_every_single_limit(
    list_price: Decimal, cost: Decimal, discount: Decimal, margin: Decimal
) -> None:
    rule = PriceRule("r", "m", maximum_discount=discount, minimum_gross_margin=margin)
    floor = effective_floor(ProductPrice("p", list_price, cost), rule)
    assert floor is not None
    assert floor >= list_price * (1 - discount)
    assert floor * (1 - margin) >= cost


def test_a_line_at_its_floor_passes_and_one_below_does_not() -> None:
    assert refused(replace(OFFER, price=Decimal(80))) == []
    assert refused(replace(OFFER, price=Decimal("79.999999"))) == ["below-floor"]


def test_price_and_terms_outside_their_range_are_all_named() -> None:
    wild = replace(OFFER, price=Decimal(120))
    assert refused(wild, Terms(payment_days=60, warranty_months=36)) == [
        "above-ceiling",
        "payment-too-late",
        "warranty-too-long",
    ]


def test_an_approval_by_the_role_lets_the_line_pass() -> None:
    assert refused(OFFER, Terms(), APPROVAL) == []
    assert refused(OFFER, Terms(), replace(APPROVAL, role="trainee")) == ["below-floor"]


def test_an_approval_expires() -> None:
    assert refused(OFFER, Terms(), replace(APPROVAL, expires_at=NOW)) == ["below-floor"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(OFFER, price=Decimal(69)),
        replace(OFFER, quantity=Decimal(6)),
        replace(OFFER, product="valve"),
    ],
)
def test_an_approval_is_void_for_good_when_its_line_changes(changed: Offer) -> None:
    before, after = (frozenset({OFFER}), Terms()), (frozenset({changed}), Terms())
    assert voided_by([APPROVAL], before, after) == [APPROVAL]
    assert refused(OFFER, Terms(), replace(APPROVAL, voided=True)) == ["below-floor"]


def test_an_approval_is_void_when_terms_change() -> None:
    offers = frozenset({OFFER})
    assert voided_by([APPROVAL], (offers, Terms()), (offers, Terms(payment_days=14))) == [APPROVAL]


def test_an_approval_waits_for_the_price_that_it_allows() -> None:
    listed = replace(OFFER, price=Decimal(100))
    other = Offer(UUID(int=2), "valve", Decimal(1), Decimal(10))
    before = (frozenset({listed}), Terms())
    assert voided_by([APPROVAL], before, (frozenset({listed, other}), Terms())) == []
    assert voided_by([APPROVAL], before, (frozenset({OFFER}), Terms())) == []


def test_rules_apply_to_every_scope_that_they_name() -> None:
    rule = replace(
        RULE,
        product="pump",
        family="pumps",
        segment="retail",
        stage=("default", "negotiation"),
    )
    pump = replace(PUMP, family="pumps")
    assert rule.applies(pump, "retail", None, ("default", "negotiation"))
    assert not rule.applies(pump, "retail", None, ("default", "won"))
    assert not rule.applies(pump, None, None, ("default", "negotiation"))
    assert not rule.applies(PUMP, "retail", None, ("default", "negotiation"))
    valve = replace(pump, code="valve")
    assert not rule.applies(valve, "retail", None, ("default", "negotiation"))


def test_everything_wrong_with_a_rule_is_listed() -> None:
    rule = PriceRule(
        "odd",
        "m",
        maximum_discount=Decimal(35),
        minimum_gross_margin=Decimal(1),
        minimum_margin=Decimal(-1),
        contract_floor=Decimal("NaN"),
        maximum_payment_days=-1,
    )
    assert [refusal.field for refusal in check_rule(rule)] == [
        "maximum_discount",
        "minimum_gross_margin",
        "minimum_margin",
        "contract_floor",
        "maximum_payment_days",
    ]


shares = st.none() | st.decimals(0, Decimal("0.99"), places=4)
amounts = st.none() | st.decimals(0, 200, places=2)


@given(
    st.lists(
        st.builds(
            PriceRule,
            code=st.just("r"),
            role=st.sampled_from(["manager", "director"]),
            maximum_discount=shares,
            maximum_surcharge=shares,
            minimum_margin=amounts,
            minimum_gross_margin=shares,
            contract_floor=amounts,
        ),
        max_size=4,
    ),
    st.decimals(1, 300, places=2),
)
def test_a_price_needs_no_approval_exactly_between_highest_floor_and_lowest_ceiling(
    rules: list[PriceRule], price: Decimal
) -> None:
    floor, ceiling = highest_floor(PUMP, rules), lowest_ceiling(PUMP, rules)
    inside = (floor is None or price >= floor.price) and (ceiling is None or price <= ceiling.price)
    offer = replace(OFFER, price=price)
    assert inside == (not check_offer(offer, Terms(), PUMP, rules, (), NOW))
    for limit in filter(None, (floor, ceiling)):
        assert limit.rule in rules
