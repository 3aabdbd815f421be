from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from takt.common.contracts.deals import DealChanged, DealOpened, SaleClosed
from takt.common.db import Tx
from takt.common.event import new_id
from takt.common.http import Stale
from takt.common.problems import NotFound, Problem
from takt.common.testing import emitted
from takt.deals.domain.price import Offer
from takt.deals.service.approvals import approve_offer
from takt.deals.service.drafts import DealDraft, DocumentDraft, Upserted
from takt.deals.service.moves import MoveRequest, move_deal
from takt.deals.service.problems import (
    BadDeal,
    CriteriaUnmet,
    DealClosed,
    ExternalIdTaken,
    PriceOutsideRange,
    StageNotFound,
    UnknownReference,
    WrongCurrency,
)
from takt.deals.service.upserts import change_deal, upsert_deals
from takt.deals.store.deals import read_deals
from takt.deals.store.views import page_deals, standing_at

from .company import BY, CAUSE, line, new_deal, price_floor, set_up


def told_by_crm(**more: Any) -> DealDraft:
    fields: dict[str, Any] = {
        "cause": CAUSE,
        "by": BY,
        "key": ("crm", "A1"),
        "name": "Pumps for Acme",
        "owner": "ann",
        "account": "acme",
        "stage": "negotiation",
        "lines": (line(reference="1"),),
    }
    return DealDraft(**{**fields, **more})


async def one(tx: Tx, draft: DealDraft, now: datetime) -> Upserted | Problem:
    [outcome] = await upsert_deals(tx, [draft], now)
    return outcome


async def test_a_deal_told_twice_is_one_deal_and_the_second_changes_nothing(
    tx: Tx, now: datetime
) -> None:
    await set_up(tx)
    first = await one(tx, told_by_crm(), now)
    before = len(await emitted(tx))
    second = await one(tx, told_by_crm(), now + timedelta(days=1))
    assert isinstance(first, Upserted)
    assert isinstance(second, Upserted)
    assert (first.result, second.result) == ("created", "unchanged")
    assert second.deal == first.deal
    assert len(await emitted(tx)) == before


async def test_a_past_from_elsewhere_is_flagged_and_gates_hold_from_the_next_move(
    tx: Tx, now: datetime
) -> None:
    await set_up(tx)
    history = (
        ("lead-qualification", now - timedelta(days=30)),
        ("needs-confirmation", now - timedelta(days=20)),
    )
    outcome = await one(tx, told_by_crm(stage=None, history=history), now)
    assert isinstance(outcome, Upserted)
    deal = outcome.deal
    assert deal.imported
    assert [entry.imported for entry in deal.entries] == [True, True]
    assert deal.opened_at == now - timedelta(days=30)
    with pytest.raises(CriteriaUnmet):
        await move_deal(tx, MoveRequest(deal.id, "solution-design", CAUSE, BY), now)
    moved = await one(tx, told_by_crm(stage="solution-design"), now)
    assert isinstance(moved, CriteriaUnmet)
    done = (DocumentDraft("requirements", "Requirements"),)
    moved = await one(tx, told_by_crm(stage="solution-design", documents=done), now)
    assert isinstance(moved, Upserted)
    assert [entry.imported for entry in moved.deal.entries] == [True, True, False]


async def test_a_won_deal_of_the_past_sells_its_lines_as_shipped(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    history = (
        ("negotiation", now - timedelta(days=30)),
        ("won", datetime(2026, 10, 31, 23, 30, tzinfo=UTC)),
    )
    await one(tx, told_by_crm(stage=None, history=history, shipped=True), now)
    opened, sold = (envelope.event for envelope in (await emitted(tx))[-2:])
    assert isinstance(opened, DealOpened)
    assert opened.deal.status == "won"
    assert isinstance(sold, SaleClosed)
    assert sold.sale.sold_on == date(2026, 11, 1)
    assert (sold.sale.shipped_quantity, sold.sale.shipped_on) == (5, date(2026, 11, 1))


async def test_an_older_word_of_the_source_changes_nothing(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    await one(tx, told_by_crm(sequence=5), now)
    outcome = await one(tx, told_by_crm(sequence=4, name="Older"), now)
    assert isinstance(outcome, Upserted)
    assert (outcome.result, outcome.deal.name) == ("unchanged", "Pumps for Acme")


async def test_lines_keep_their_ids_by_reference(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    first = await one(tx, told_by_crm(lines=(line(reference="1"), line(reference="2"))), now)
    assert isinstance(first, Upserted)
    lines = (line(reference="2", quantity="7"), line(reference="3", product="valve", price="9"))
    second = await one(tx, told_by_crm(lines=lines), now)
    assert isinstance(second, Upserted)
    assert second.deal.lines[0].offer.line == first.deal.lines[1].offer.line
    stored = (await read_deals(tx, [first.deal.id]))[first.deal.id].deal
    assert [(one.offer.product, one.offer.quantity) for one in stored.lines] == [
        ("pump", 7),
        ("valve", 5),
    ]
    last = (await emitted(tx))[-1].event
    assert isinstance(last, DealChanged)
    assert last.changed == ("lines",)


async def test_a_line_of_another_deal_is_refused_and_a_new_id_is_kept(
    tx: Tx, now: datetime
) -> None:
    account = await set_up(tx)
    deal = await new_deal(tx, account, now)
    taken, chosen = deal.lines[0].offer.line, new_id()
    with pytest.raises(BadDeal) as refused:
        await new_deal(tx, account, now, lines=(line(), line(id=taken)))
    assert (refused.value.field, refused.value.value) == ("lines[1].id", str(taken))
    other = await new_deal(tx, account, now, lines=(line(id=chosen),))
    assert other.lines[0].offer.line == chosen
    before = len(await emitted(tx))
    draft = DealDraft(cause=CAUSE, by=BY, id=other.id, lines=(line(id=chosen), line(id=taken)))
    with pytest.raises(BadDeal):
        await change_deal(tx, draft, now)
    assert len(await emitted(tx)) == before
    [kept] = (await read_deals(tx, [deal.id]))[deal.id].deal.lines
    assert kept == deal.lines[0]


async def test_one_new_line_in_two_deals_of_a_batch_goes_into_the_first(
    tx: Tx, now: datetime
) -> None:
    await set_up(tx)
    chosen = new_id()
    drafts = [told_by_crm(key=("crm", key), lines=(line(id=chosen),)) for key in ("A1", "A2")]
    first, second = await upsert_deals(tx, drafts, now)
    assert isinstance(first, Upserted)
    assert isinstance(second, BadDeal)
    again = await upsert_deals(tx, drafts, now)
    assert isinstance(again[0], Upserted)
    assert again[0].result == "unchanged"
    assert isinstance(again[1], BadDeal)


async def test_unknown_names_are_refused_all_at_once_or_made_room_for(
    tx: Tx, now: datetime
) -> None:
    await set_up(tx)
    draft = told_by_crm(owner="bob", account="nobody", region="moon", lines=(line(product="warp"),))
    outcome = await one(tx, draft, now)
    assert isinstance(outcome, UnknownReference)
    assert {refusal["value"] for refusal in outcome.body()["refusals"]} == {
        "bob",
        "nobody",
        "moon",
        "warp",
    }
    [outcome] = await upsert_deals(tx, [draft], now, placeholders=True)
    assert isinstance(outcome, Upserted)
    assert outcome.deal.region == "moon"


IMPOSSIBLE: list[tuple[dict[str, Any], type[Problem]]] = [
    ({"stage": "moon"}, StageNotFound),
    ({"pipeline": "moon"}, UnknownReference),
    ({"currency": "USD"}, WrongCurrency),
    ({"expected_close": date(2026, 11, 22)}, BadDeal),
    ({"lines": (line(requested=date(2026, 1, 1)),)}, BadDeal),
    ({"history": (("won", datetime(2027, 1, 1, tzinfo=UTC)),)}, BadDeal),
    ({"lines": (line(price="0"),)}, BadDeal),
    ({"lines": (line(quantity="1000001", price="1000000"),)}, BadDeal),
]


async def test_what_cannot_be_is_refused_and_the_others_go_in(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    bad = [told_by_crm(**change) for change, _ in IMPOSSIBLE]
    outcomes = await upsert_deals(tx, [*bad, told_by_crm(key=("crm", "B2"))], now)
    for outcome, (_, problem) in zip(outcomes, IMPOSSIBLE, strict=False):
        assert isinstance(outcome, problem)
        assert outcome.remedy
    assert isinstance(outcomes[-1], Upserted)


async def test_statements_of_one_deal_follow_each_other(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    drafts = [told_by_crm(), told_by_crm(name="Renamed"), told_by_crm(stage="lost", reason="price")]
    outcomes = await upsert_deals(tx, drafts, now)
    assert [outcome.result for outcome in outcomes if isinstance(outcome, Upserted)] == [
        "created",
        "changed",
        "changed",
    ]
    last = outcomes[-1]
    assert isinstance(last, Upserted)
    assert (last.deal.status, last.deal.reason, last.deal.sequence) == ("lost", "price", 3)


async def test_a_line_below_its_floor_needs_an_approval_first(tx: Tx, now: datetime) -> None:
    account = await set_up(tx)
    await price_floor(tx)
    deal = await new_deal(tx, account, now)
    cheap = line(price="79", id=deal.lines[0].offer.line)
    draft = DealDraft(cause=CAUSE, by=BY, id=deal.id, lines=(cheap,))
    with pytest.raises(PriceOutsideRange) as refused:
        await change_deal(tx, draft, now)
    assert refused.value.field == "lines[0].price"
    assert "at least 80" in str(refused.value.remedy)
    approved = Offer(deal.lines[0].offer.line, "pump", Decimal(5), Decimal(79))

    async def approve(role: str) -> None:
        await approve_offer(
            tx,
            deal.id,
            role=role,
            approver="boss",
            reason=None,
            offers=[approved],
            terms=None,
            expires_at=now + timedelta(days=3),
            expected=None,
            now=now,
            cause=CAUSE,
        )

    await approve("trainee")
    with pytest.raises(PriceOutsideRange):
        await change_deal(tx, draft, now)
    await approve("sales-manager")
    changed = await change_deal(tx, draft, now)
    assert changed.lines[0].offer.price == 79
    await move_deal(tx, MoveRequest(deal.id, "needs-confirmation", CAUSE, BY), now)
    late = now + timedelta(days=3)
    with pytest.raises(CriteriaUnmet):
        await move_deal(tx, MoveRequest(deal.id, "solution-design", CAUSE, BY), late)
    back = DealDraft(cause=CAUSE, by=BY, id=deal.id, lines=(replace(cheap, price=Decimal(100)),))
    await change_deal(tx, back, now)
    with pytest.raises(PriceOutsideRange):
        await change_deal(tx, draft, now)


async def test_a_new_line_below_its_floor_is_refused(tx: Tx, now: datetime) -> None:
    account = await set_up(tx)
    await price_floor(tx)
    with pytest.raises(PriceOutsideRange):
        await new_deal(tx, account, now, lines=(line(price="79.999999"),))
    await new_deal(tx, account, now, lines=(line(price="80"),))


async def test_changes_of_what_is_not_there_stale_or_closed_are_refused(
    tx: Tx, now: datetime
) -> None:
    deal = await new_deal(tx, await set_up(tx), now, key=("crm", "A1"))
    with pytest.raises(NotFound):
        await change_deal(tx, DealDraft(cause=CAUSE, by=BY, id=new_id(), name="x"), now)
    with pytest.raises(Stale):
        await change_deal(tx, DealDraft(cause=CAUSE, by=BY, id=deal.id, expected=7, name="x"), now)
    with pytest.raises(ExternalIdTaken):
        await new_deal(tx, deal.account, now, key=("crm", "A1"))
    await move_deal(tx, MoveRequest(deal.id, "lost", CAUSE, BY), now)
    with pytest.raises(DealClosed):
        await change_deal(tx, DealDraft(cause=CAUSE, by=BY, id=deal.id, lines=()), now)


async def test_the_pipeline_is_rebuilt_with_its_values_as_it_stood(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    noon, evening = now + timedelta(hours=3), now + timedelta(hours=9)
    draft = DealDraft(cause=CAUSE, by=BY, id=deal.id, lines=(line(quantity="7"),))
    await change_deal(tx, draft, noon)
    await move_deal(tx, MoveRequest(deal.id, "needs-confirmation", CAUSE, BY), evening)

    async def standing(at: datetime) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await standing_at(tx, "default", at)]

    assert await standing(now - timedelta(seconds=1)) == []
    assert await standing(now) == [("lead-qualification", 1, 500)]
    assert await standing(noon) == [("lead-qualification", 1, 700)]
    assert await standing(evening) == [("needs-confirmation", 1, 700)]


async def test_a_person_s_probability_and_the_model_s_stand_side_by_side(
    tx: Tx, now: datetime
) -> None:
    from takt.common.contracts.forecast import PipelineDemandChanged
    from takt.common.event import Envelope, wall_now
    from takt.deals.service.probabilities import keep_probabilities

    deal = await new_deal(tx, await set_up(tx), now, manual_probability=Decimal("0.8"))

    def said(sequence: int, probability: str) -> Envelope[PipelineDemandChanged]:
        event = PipelineDemandChanged(
            sequence=sequence,
            deal_id=deal.id,
            deal_sequence=1,
            stage=deal.stage,
            status="open",
            probability=Decimal(probability),
            as_of=now,
            expected_value=Decimal(250),
        )
        return Envelope(event, new_id(), wall_now(), CAUSE, "/takt/forecast")

    await keep_probabilities(tx, [said(2, "0.5"), said(1, "0.3")], now)
    await keep_probabilities(tx, [said(1, "0.3")], now)
    [row] = await page_deals(tx, {"id": deal.id})
    assert (row["manual_probability"], row["model_probability"]) == (
        Decimal("0.8"),
        Decimal("0.5"),
    )
    assert row["sequence"] == deal.sequence
