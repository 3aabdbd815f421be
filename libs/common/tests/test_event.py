"""Envelopes on the wire: what is written is read; what is strange is never an exception."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.common.contracts.deals import SaleClosed
from takt.common.event import (
    Cause,
    Envelope,
    Event,
    UnknownType,
    Unreadable,
    decode,
    new_id,
    seal,
)

from .conftest import pair, sale

NAMES = ["ce_id", "ce_source", "ce_type", "ce_time", "ce_causes", "ce_correlations"]
NAMES += ["ce_morecorrelations", "ce_sequence", "traceparent", "x"]
VALUES = st.one_of(
    st.text(),
    st.sampled_from([*Event.types, "0192f0c1-2d3e-7000-8000-000000000001", "2026-11-23T09:00:00Z"]),
    st.sampled_from(["2026-11-23", "9" * 5000, "-1", ",", "a,b", ""]),
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.binary())
def test_reading_never_raises(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(decode(headers, body, "t/0/0"), Envelope | UnknownType | Unreadable)


@given(st.binary(), st.sampled_from(sorted(Event.types)))
def test_reading_bytes_of_a_known_type_never_raises(body: bytes, name: str) -> None:
    assert isinstance(decode({"ce_type": name}, body, "t/0/0"), Envelope | Unreadable)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from(["sequence", "sale"]),
)
def test_reading_any_json_as_a_sale_never_raises(value: object, field: str) -> None:
    import json

    body = json.loads(sale().model_dump_json()) | {field: value}
    found = decode({"ce_type": "takt.sale.closed.v1"}, json.dumps(body).encode(), "t/0/0")
    assert isinstance(found, Envelope | Unreadable)


def test_json_that_nests_without_end_is_unreadable() -> None:
    found = decode({"ce_type": "takt.sale.closed.v1"}, b"[" * 100_000, "t/0/0")
    assert isinstance(found, Unreadable)


def test_what_is_written_is_read() -> None:
    cause = Cause((new_id(), new_id()), (new_id(),), 3)
    (envelope,) = seal([(sale(), cause)], "/takt/deals")
    assert decode(envelope.headers(), envelope.body().encode(), "t/0/0") == envelope


def test_headers_are_a_cloud_event() -> None:
    (envelope,) = seal([pair(sale())], "/takt/deals")
    headers = envelope.headers()
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_subject"] == envelope.event.key
    assert datetime.fromisoformat(headers["ce_time"]).tzinfo == UTC
    assert headers["traceparent"][3:35] == envelope.cause.correlations[0].hex


def test_ids_are_in_the_order_of_their_making() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_a_field_that_this_version_does_not_know_is_ignored() -> None:
    body = sale().model_dump_json().replace("{", '{"gift_wrap": true, ', 1)
    found = decode({"ce_type": "takt.sale.closed.v1"}, body.encode(), "t/0/0")
    assert isinstance(found, Envelope)


def test_an_id_of_another_system_makes_the_same_identity_for_each_repeat() -> None:
    headers = {"ce_type": "takt.sale.closed.v1", "ce_id": "SO-1/3", "ce_source": "erp"}
    body = sale().model_dump_json().encode()
    first, again = decode(headers, body, "t/0/1"), decode(headers, body, "t/0/2")
    other = decode({**headers, "ce_source": "till"}, body, "t/0/1")
    assert isinstance(first, Envelope)
    assert isinstance(again, Envelope)
    assert isinstance(other, Envelope)
    assert first.id == again.id != other.id
    assert first.cause.correlations == (first.id,), "the beginning of a chain"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "ce_type is missing"),
        ({"ce_type": "takt.sale.closed.v1", "ce_time": "2026-11-23T09:00:00"}, "has no zone"),
        ({"ce_type": "takt.sale.closed.v1", "ce_time": "noon"}, "cannot be read"),
        ({"ce_type": "takt.sale.closed.v1", "ce_causes": "x"}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_says_why(headers: dict[str, str], reason: str) -> None:
    found = decode(headers, sale().model_dump_json().encode(), "t/0/0")
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_a_wrong_value_is_named_with_its_field() -> None:
    body = sale().model_dump_json().replace('"quantity":"1"', '"quantity":"-1"')
    found = decode({"ce_type": "takt.sale.closed.v1"}, body.encode(), "t/0/0")
    assert isinstance(found, Unreadable)
    assert found.errors[0]["field"] == "sale.quantity"
    assert found.errors[0]["value"] == "'-1'"


@given(st.lists(st.lists(st.uuids(), max_size=40), max_size=5))
def test_a_cause_counts_every_correlation_that_it_does_not_name(chains: list[list[UUID]]) -> None:
    envelopes = [
        Envelope(sale(), new_id(), datetime.now(UTC), Cause((), tuple(dict.fromkeys(c))), "/t")
        for c in chains
    ]
    cause = Cause.of(*envelopes)
    every = {correlation for chain in chains for correlation in chain}
    assert set(cause.correlations) <= every
    assert len(cause.correlations) == min(64, len(every))
    assert len(cause.correlations) + cause.more == len(every)
    assert cause.causes == tuple(e.id for e in envelopes)


def test_a_new_event_class_is_known_by_its_type() -> None:
    assert Event.types["takt.sale.closed.v1"] is SaleClosed
