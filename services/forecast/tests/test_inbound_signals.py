"""What other systems say of signals: on the topic and as rows, each once, the bad set aside."""

import json
from decimal import Decimal

import pytest

from takt.common.bus import Message
from takt.common.contracts import topics
from takt.common.contracts.forecast import ForecastChanged, SignalRecorded, SignalWithdrawn
from takt.common.contracts.inbound import InboundSignal
from takt.common.event import Cause, Envelope, new_id, wall_now
from takt.common.testing import emitted, eventually
from takt.forecast.service.inbound_signals import take_signals
from takt.forecast.service.record_signals import signal_id_of
from takt.forecast.store.signals import get_signal

from .conftest import catalog, envelope
from .test_signals import baselines, load

WEEK = {"begins": "2026-11-30", "ends": "2026-12-06"}


def said(external_id="1", *, source="radar", **of):
    """What a system says, on its way."""
    fields = {"kind": "competitor", "external_id": external_id, "product": "P1", **WEEK}
    event = InboundSignal.model_validate(fields | of)
    return Envelope(event, new_id(), wall_now(), Cause.start(), source)


def message(external_id, *, identity=None, **body):
    fields = {"external_id": external_id, "kind": "competitor", **WEEK, **body}
    headers = {
        "ce_id": identity or str(new_id()),
        "ce_source": "radar",
        "ce_type": "takt.inbound.signal.v1",
    }
    return Message(topics.INBOUND_SIGNALS, external_id, headers, json.dumps(fields).encode())


def message_of(event):
    """A fact of another service, as its topic carries it."""
    told = envelope(event)
    return Message(event.topic, event.key, told.headers(), told.body().encode())


def row(external_id="1", **of):
    """A row of an import."""
    fields = {"external_id": external_id, "kind": "promotion", "product": "P1", **WEEK, **of}
    return {name: value for name, value in fields.items() if value is not None}


async def stored(tx, external_id, source="radar"):
    return await get_signal(tx, signal_id_of(source, external_id))


async def test_each_series_names_the_messages_that_moved_it(tx, now):
    await load(tx, now)
    before = await baselines(tx)
    told = len(await emitted(tx))
    one = said("1", product="P1", region="DE", strength="-0.25")
    other = said("2", product="P2", region="DE", strength="-0.5")
    await take_signals(tx, [one, other], now)
    news = (await emitted(tx))[told:]
    facts = {e.event.signal.external_id: e for e in news if isinstance(e.event, SignalRecorded)}
    assert facts["1"].cause.causes == (one.id,)
    assert {fact.event.recorded_by for fact in facts.values()} == {"radar"}
    moved = {e.event.product: e for e in news if isinstance(e.event, ForecastChanged)}
    assert moved["P1"].cause.causes == (facts["1"].id,)
    assert moved["P2"].cause.causes == (facts["2"].id,)
    after = await baselines(tx)
    assert after["P1", "DE"][1] == pytest.approx(before["P1", "DE"][1] * 0.75)
    assert after["P2", "DE"][1] == pytest.approx(before["P2", "DE"][1] * 0.5)


async def test_an_older_statement_changes_nothing_and_a_source_withdraws_its_own(tx, now):
    await load(tx, now)
    before = await baselines(tx)
    first, second = said(sequence=3, strength="-0.25"), said(sequence=4, strength="-0.5")
    await take_signals(tx, [first, second, said(sequence=2, strength="-0.75")], now)
    assert (await stored(tx, "1")).state.strength == Decimal("-0.5")
    assert (await stored(tx, "1")).sequence == 2
    await take_signals(tx, [said(sequence=3, strength="-0.75")], now)
    assert (await baselines(tx))["P1", "DE"][1] == pytest.approx(before["P1", "DE"][1] * 0.5)
    told = len(await emitted(tx))
    gone = said(sequence=5, strength="-0.5", withdrawn=True)
    await take_signals(tx, [gone], now)
    await take_signals(tx, [said(sequence=5, strength="-0.5", withdrawn=True)], now)
    assert (await baselines(tx))["P1", "DE"].tolist() == before["P1", "DE"].tolist()
    facts = [e for e in (await emitted(tx))[told:] if isinstance(e.event, SignalWithdrawn)]
    assert [fact.cause.causes for fact in facts] == [(gone.id,)]
    assert (await stored(tx, "1", "another")) is None


async def test_messages_are_taken_once_and_a_bad_one_is_set_aside(client, database, log):
    twice = message("1", identity="m-1", product="not seen yet", strength="-0.2")
    await log.publish(
        [
            twice,
            message("1", identity="m-2", product="P1", strength="-0.3"),
            twice,
            message("2", ends="2026-11-01"),
            message("3", kind="rumour"),
            message("4"),
        ]
    )

    async def arrived():
        async with database.transaction() as tx:
            return await stored(tx, "4") is not None

    await eventually(arrived)
    letters = {one["key"]: one for one in (await client.get("/ops/dead-letters")).json()}
    assert letters.keys() == {"2", "3"}
    assert "ends" in letters["2"]["reason"]
    assert "before it begins on 2026-11-30" in letters["2"]["reason"]
    assert "kind" in letters["3"]["reason"]
    async with database.transaction() as tx:
        signal = await stored(tx, "1")
    assert (signal.state.product, signal.sequence, signal.recorded_by) == ("P1", 2, "radar")


async def test_rows_are_imported_once_and_each_bad_one_is_told(client, log):
    await log.publish([message_of(event) for event in catalog()])

    async def known():
        report = await client.post("/v1/signals/imports", json={"rows": [row()], "dry_run": True})
        return report.json()["errors"] == []

    await eventually(known)
    bad = [
        row("2", product="P9"),
        row("3", kind="rumour", ends="2026-11-01"),
        row("1", strength="0.9"),
        row("4", family="pumps"),
    ]
    body = {"source": "sheet", "rows": [row(), *bad, row("5", product=None, region="EU")]}
    would = (await client.post("/v1/signals/imports", json=body | {"dry_run": True})).json()
    assert (would["imported"], would["unchanged"]) == (2, 0)
    assert (await client.get("/v1/signals")).json()["items"] == []
    report = (await client.post("/v1/signals/imports", json=body)).json()
    assert (report["read"], report["imported"]) == (6, 2)
    told = [(e["line"], e["field"], e["value"]) for e in report["errors"]]
    assert told == [
        (2, "product", "P9"),
        (3, "kind", "rumour"),
        (3, "ends", "2026-11-01"),
        (4, "external_id", "1"),
        (5, "family", "pumps"),
    ]
    assert all(error["remedy"] and error["problem"] for error in report["errors"])
    again = (await client.post("/v1/signals/imports", json=body)).json()
    assert (again["imported"], again["unchanged"]) == (0, 2)
    found = (await client.get("/v1/signals", params={"source": "sheet"})).json()["items"]
    assert [signal["external_id"] for signal in found] == ["1", "5"]


async def test_a_csv_file_is_imported_and_one_that_is_none_is_refused(client):
    head = "external_id,kind,begins,ends,strength\n"
    line = "7,policy,2026-11-30,2026-12-06,0.1\n"
    place = "/v1/signals/imports/csv?source=sheet"
    report = (await client.post(place, content=(head + line).encode())).json()
    assert (report["read"], report["imported"], report["errors"]) == (1, 1, [])
    refused = (await client.post(place, content=b"kind,begins\npolicy,2026-11-30\n")).json()
    assert (refused["field"], refused["value"]) == ("header", "kind,begins")
    assert "external_id" in refused["remedy"]
