"""What happened to a deal between two versions, from what each of them keeps of it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

DealChange = Literal[
    "opened", "reopened", "moved", "changed", "won", "shipped", "lost", "removed", "aged"
]
"""`aged`: nothing but time, or the win curves by which it is judged. `removed`: it no longer asks
for this. `shipped`: what was won left the pipeline with its goods."""
OrderChange = Literal["arrived", "changed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class DealThen:
    """A deal as a version last kept it."""

    deal_id: UUID
    name: str
    stage: str
    status: Literal["open", "won", "lost"]
    sequence: int


def deal_change(
    before: DealThen | None, after: DealThen | None, *, asked: bool, asks: bool, units: int
) -> DealChange:
    """What happened to a deal.

    Args:
        before: as the older version kept it; None when it was not known then.
        after: as the newer one did; None in versions from before deals were kept.
        asked: whether it asked for anything in the older version.
        asks: whether it does in the newer.
        units: how much more it asks for.
    """
    if before is None or after is None:
        return _by_presence(asked=asked, asks=asks)
    if after.status == "lost":
        return "lost"
    if before.status == "lost" or (before.status, after.status) == ("won", "open"):
        return "reopened"
    if after.status == "won" and (not asks or (before.status == "won" and units < 0)):
        return "shipped"
    if after.status != before.status:
        return "won"
    if not asks:
        return "removed"
    if before.stage != after.stage:
        return "moved"
    return "changed" if before.sequence != after.sequence else "aged"


def _by_presence(*, asked: bool, asks: bool) -> DealChange:
    if asked:
        return "changed" if asks else "removed"
    return "opened"
