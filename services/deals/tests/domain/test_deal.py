from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from takt.deals.domain.deal import (
    Deal,
    Line,
    Move,
    PriceBook,
    check_amounts,
    check_dates,
    decide_move,
    moved,
)
from takt.deals.domain.history import Entry
from takt.deals.domain.pipeline import default_pipeline
from takt.deals.domain.price import Approval, Offer, PriceRule, ProductPrice, Terms
from takt.deals.domain.refusal import Refused

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PIPELINE = default_pipeline()
OFFER = Offer(UUID(int=1), "pump", Decimal(5), Decimal(100))
BOOK = PriceBook({"pump": ProductPrice("pump", Decimal(100), Decimal(20))})
FLOOR = PriceRule(
    "usual",
    "sales-manager",
    maximum_discount=Decimal("0.35"),
    minimum_margin=Decimal(60),
    maximum_payment_days=30,
)
DEAL = Deal(
    id=UUID(int=7),
    name="Pumps",
    owner="ann",
    region="north",
    pipeline="default",
    stage="needs-confirmation",
    opened_at=NOW - timedelta(days=9),
    entries=(
        Entry(1, "lead-qualification", NOW - timedelta(days=9)),
        Entry(2, "needs-confirmation", NOW - timedelta(days=2)),
    ),
    account=UUID(int=3),
    lines=(Line(OFFER),),
    documents=frozenset({"requirements"}),
)


def reasons(outcome: Move | Refused) -> list[str]:
    assert isinstance(outcome, Refused)
    return [refusal.reason for refusal in outcome.refusals]


def test_a_deal_that_meets_the_criteria_moves_on() -> None:
    move = decide_move(DEAL, PIPELINE, "solution-design", BOOK, NOW)
    assert move == Move("needs-confirmation", "solution-design", "forward", "open", NOW)


def test_a_lost_deal_keeps_its_reason_and_its_history() -> None:
    move = decide_move(DEAL, PIPELINE, "lost", BOOK, NOW)
    assert isinstance(move, Move)
    lost = moved(DEAL, move, reason="price", competitor="Acme")
    assert (lost.status, lost.stage, lost.closed_at) == ("lost", "lost", NOW)
    assert (lost.reason, lost.competitor, lost.sequence) == ("price", "Acme", 2)
    assert lost.entries == (*DEAL.entries, Entry(3, "lost", NOW))
    back = decide_move(lost, PIPELINE, "negotiation", BOOK, NOW)
    assert isinstance(back, Move)
    reopened = moved(lost, back, reason=None, competitor=None)
    assert (reopened.status, reopened.closed_at, reopened.reason) == ("open", None, None)


def test_a_move_without_the_requirements_document_lists_every_failure() -> None:
    bare = replace(DEAL, documents=frozenset(), account=None)
    refused = decide_move(bare, PIPELINE, "solution-design", BOOK, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "criteria-unmet"
    assert reasons(refused) == ["field-missing", "document-missing"]


def test_a_skip_must_meet_the_criteria_of_what_it_skips() -> None:
    early = replace(DEAL, stage="lead-qualification", documents=frozenset())
    assert reasons(decide_move(early, PIPELINE, "solution-design", BOOK, NOW)) == [
        "document-missing"
    ]


def test_losing_and_going_back_ask_for_nothing() -> None:
    bare = replace(DEAL, documents=frozenset(), account=None)
    assert isinstance(decide_move(bare, PIPELINE, "lost", BOOK, NOW), Move)
    assert isinstance(decide_move(bare, PIPELINE, "lead-qualification", BOOK, NOW), Move)


def test_an_undeclared_move_names_the_declared_ones() -> None:
    refused = decide_move(DEAL, PIPELINE, "won", BOOK, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "move-not-declared"
    assert "lead-qualification, solution-design, negotiation, lost" in refused.refusals[0].remedy


def test_an_unknown_stage_and_the_same_stage_are_refused_by_name() -> None:
    assert reasons(decide_move(DEAL, PIPELINE, "moon", BOOK, NOW)) == ["stage-not-found"]
    assert reasons(decide_move(DEAL, PIPELINE, DEAL.stage, BOOK, NOW)) == ["already-there"]


def test_a_line_below_its_floor_stops_the_move_until_it_is_approved() -> None:
    cheap = replace(OFFER, price=Decimal(79))
    deal = replace(DEAL, lines=(Line(cheap),))
    book = replace(BOOK, rules=(FLOOR,))
    refused = decide_move(deal, PIPELINE, "solution-design", book, NOW)
    assert isinstance(refused, Refused)
    assert [(r.reason, r.field, r.value) for r in refused.refusals] == [
        ("below-floor", "lines[0].price", "79")
    ]
    assert "at least 80" in refused.refusals[0].remedy
    approval = Approval(
        UUID(int=5), "sales-manager", frozenset({cheap}), Terms(), NOW + timedelta(days=1)
    )
    approved = replace(deal, approvals=(approval,))
    assert isinstance(decide_move(approved, PIPELINE, "solution-design", book, NOW), Move)
    later = NOW + timedelta(days=2)
    assert isinstance(decide_move(approved, PIPELINE, "solution-design", book, later), Refused)


def test_terms_that_several_lines_share_are_named_once() -> None:
    second = replace(OFFER, line=UUID(int=2))
    deal = replace(DEAL, lines=(Line(OFFER), Line(second)), terms=Terms(payment_days=90))
    refused = decide_move(deal, PIPELINE, "solution-design", replace(BOOK, rules=(FLOOR,)), NOW)
    assert reasons(refused) == ["payment-too-late"]


def test_a_rule_of_the_stage_that_a_deal_enters_holds_at_the_door() -> None:
    strict = replace(FLOOR, minimum_margin=Decimal(85), stage=("default", "solution-design"))
    book = replace(BOOK, rules=(strict,))
    assert reasons(decide_move(DEAL, PIPELINE, "solution-design", book, NOW)) == ["below-floor"]
    assert isinstance(decide_move(DEAL, PIPELINE, "negotiation", book, NOW), Move)


def test_a_clock_that_runs_behind_does_not_turn_time_back() -> None:
    behind = DEAL.entered_at - timedelta(seconds=1)
    move = decide_move(DEAL, PIPELINE, "solution-design", BOOK, behind)
    assert isinstance(move, Move)
    assert move.at == DEAL.entered_at


def test_dates_before_the_deal_was_opened_are_refused_in_the_company_time_zone() -> None:
    opened = datetime(2026, 11, 22, 22, tzinfo=UTC)
    shanghai = ZoneInfo("Asia/Shanghai")
    assert check_dates(opened, ZoneInfo("UTC"), date(2026, 11, 22), []) == []
    refusals = check_dates(opened, shanghai, date(2026, 11, 22), [None, date(2026, 11, 1)])
    assert [(refusal.field, refusal.value) for refusal in refusals] == [
        ("expected_close", "2026-11-22"),
        ("lines[1].requested_date", "2026-11-01"),
    ]


def test_amounts_that_are_none_and_totals_beyond_money_are_named() -> None:
    def reasons(*amounts: tuple[str, str]) -> list[tuple[str, str]]:
        lines = tuple(
            Line(Offer(UUID(int=number), "pump", Decimal(quantity), Decimal(price)))
            for number, (quantity, price) in enumerate(amounts)
        )
        found = check_amounts(replace(DEAL, lines=lines))
        assert all(refusal.remedy for refusal in found)
        return [(refusal.field, refusal.reason) for refusal in found]

    assert reasons() == []
    assert reasons(("999999.999999", "1000000")) == []
    assert reasons(("1", "1"), ("0", "-1")) == [
        ("lines[1].quantity", "not-positive"),
        ("lines[1].price", "not-positive"),
    ]
    assert reasons(("1000000", "1000000"), ("1000000000000", "1")) == [
        ("lines[0]", "total-too-large"),
        ("lines[1].quantity", "too-large"),
    ]
    assert reasons(("500000", "1000000"), ("500000", "1000000")) == [("lines", "total-too-large")]
