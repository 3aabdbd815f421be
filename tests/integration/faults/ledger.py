"""What was asked of Takt and what it acknowledged, written down by the one who asked."""

from collections import Counter
from dataclasses import dataclass, field

STAGES = ("solution-design", "negotiation")
"""The two open stages between which deals go back and forth."""


@dataclass
class DealLedger:
    """One deal: where it began, and each acknowledged change as (sequence, stage)."""

    deal: str
    stage: str
    began_at: int
    acknowledged: list[tuple[int, str]] = field(default_factory=list)

    @property
    def sequence(self) -> int:
        """The sequence that the deal must have."""
        return self.began_at + len(self.acknowledged)

    @property
    def next_stage(self) -> str:
        """The stage that it goes to next."""
        return STAGES[1] if self.stage == STAGES[0] else STAGES[0]

    def acknowledge(self) -> None:
        """The change to the next stage has happened."""
        self.stage = self.next_stage
        self.acknowledged.append((self.sequence + 1, self.stage))


@dataclass
class Ledger:
    """All deals; requests without an answer of success, by reason; and what became of those."""

    deals: list[DealLedger]
    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    done_without_answer: int = 0
    """Changes that happened though their answer was lost."""

    @property
    def acknowledged(self) -> int:
        """How many changes were acknowledged."""
        return sum(len(deal.acknowledged) for deal in self.deals)
