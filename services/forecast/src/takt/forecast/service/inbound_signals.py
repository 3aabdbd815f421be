"""What other systems say of signals on Kafka: their own words become our facts, once each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from takt.common.contracts.inbound import InboundSignal
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.common.problems import invalid
from takt.forecast.schemas_signals import SignalIn
from takt.forecast.service.record_signals import Statement, keep_statements


async def take_signals(tx: Tx, events: Sequence[Envelope[InboundSignal]], now: datetime) -> None:
    """Signals as their sources state them, under the rules of `POST /v1/signals`.

    What they name may come later: a signal of a product not yet seen waits for it.

    Raises: InvalidRequest: what is wrong with the first bad one, for the dead letter.
    """
    await keep_statements(tx, [_statement(event) for event in events], now)


def _statement(envelope: Envelope[InboundSignal]) -> Statement:
    said = envelope.event
    fields = said.model_dump(exclude={"sequence", "withdrawn"})
    try:
        told = SignalIn(source=envelope.source, **fields)
    except ValidationError as error:
        raise invalid([dict(one) for one in error.errors()]) from error
    return replace(
        Statement.of(told, envelope.source, Cause.of(envelope)),
        withdrawn=said.withdrawn,
        sequence=said.sequence,
    )
