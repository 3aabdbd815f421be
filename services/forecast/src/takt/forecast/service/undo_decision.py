"""Undoing a promotion: who was published before is published again, by the decision of a person."""

from datetime import datetime
from typing import Any

from takt.common.db import Tx
from takt.common.jobs import enqueue
from takt.common.problems import Conflict, NotFound
from takt.forecast.store import models


class NoDecision(NotFound):
    """There is no such decision."""

    slug = "no-decision"


class NothingToUndo(Conflict):
    """Only the promotion by which the present model is published can be undone."""

    slug = "nothing-to-undo"


async def undo_decision(tx: Tx, decision: int, decided_by: str, now: datetime) -> Any:
    """Undo a promotion, and have every series said anew; returns the new decision.

    Raises:
        NoDecision: there is none of this number.
        NothingToUndo: it promoted nobody, was undone, or another came after it.
    """
    await models.lock_decisions(tx)
    found = await models.get_decision(tx, decision)
    if found is None:
        raise NoDecision(
            field="decision", value=decision, remedy="GET /v1/forecast-models lists them"
        )
    last = await models.last_change(tx)
    if found.outcome != "promoted" or last is None or last.decision != decision:
        present = "nothing was promoted" if last is None else f"decision {last.decision} holds"
        raise NothingToUndo(
            f"decision {decision} is {found.outcome}; {present}",
            field="decision",
            value=decision,
            remedy="GET /v1/forecast-models shows which decision holds",
        )
    undone = await models.undo(tx, decision, decided_by, now)
    await enqueue(tx, "recalibrate", once="recalibrate by request")
    return undone
