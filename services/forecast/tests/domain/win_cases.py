"""Deals whose winning hangs on amount and owner, and that win faster than they are lost."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from takt.forecast.domain.win_history import DealPath, Entry

STAGES = ("first", "offer", "talks")
OWNERS = ("ann", "bob", "cem")


def simulated(
    count: int, seed: int, signal: float = 1.5, days: float = 200, lost_days: float = 40
) -> list[DealPath]:
    """Deals opened over `days`, as they ended, however late that was."""
    random = np.random.default_rng(seed)
    paths = []
    for number in range(count):
        opened = float(random.uniform(0, days))
        amount = float(np.round(np.exp(random.normal(9, 1)), -2))
        owner = str(random.choice(OWNERS))
        odds = signal * ((np.log(amount + 1) - 9) + (1.0 if owner == "ann" else -0.5))
        won = random.random() < 1 / (1 + np.exp(-odds))
        closing = opened + 1 + float(random.exponential(15 if won else lost_days))
        reached = 1 + int(random.random() < (0.9 if won else 0.5)) + int(won)
        moments = np.sort(random.uniform(opened, closing, reached - 1))
        entries = [Entry(STAGES[0], opened, owner)]
        entries += [
            Entry(stage, float(at), owner) for stage, at in zip(STAGES[1:], moments, strict=False)
        ]
        paths.append(
            DealPath(
                f"{number:05}",
                opened,
                tuple(entries),
                "won" if won else "lost",
                closing,
                {"amount": amount},
            )
        )
    return paths


def rows_of(paths: Sequence[DealPath]) -> list[dict[str, str]]:
    """The deals as rows of a history file."""
    return [
        {
            "deal_id": path.deal_id,
            "amount": str(path.attributes.get("amount", "")),
            "opened_at": written(path.opened_at),
            "entered_at": written(entry.at),
            "stage": entry.stage,
            "actor": entry.owner,
            "outcome": path.outcome,
            "closed_at": "" if path.closed_at is None else written(path.closed_at),
        }
        for path in paths
        for entry in path.entries
    ]


def written(days: float) -> str:
    """Days since 1970 as an instant."""
    return datetime.fromtimestamp(days * 86_400, UTC).isoformat()
