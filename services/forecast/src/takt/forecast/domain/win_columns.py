"""A milestone as numbers: what was known when the stage was entered, and nothing later.

Rates of owners and stages count only deals that had closed by then; those that a model keeps for
scoring stand still at the moment of its fit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from math import log, log1p
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_history import DealPath, Milestone

Floats = npt.NDArray[np.float64]

OWNER_CASES, KIND_CASES = 30.0, 20.0
"""So many outcomes at the stage's rate are put beside an owner's own, or another kind's."""
COLUMN_CASES = 50
"""Milestones from which on an owner or a kind has a column of its own."""
MOST_COLUMNS = 40
SHORTEST = 1e-3
"""Days; a time is told as its logarithm, and none is shorter."""
NOTHING = "-"


@dataclass(slots=True)
class KnownRates:
    """Outcomes that were known at a moment: by stage, and beside the stage's rate by kind.

    A kind is an owner, an owner in a stage, or a value of an attribute.
    """

    stage_cases: dict[str, int] = field(default_factory=dict)
    stage_wins: dict[str, int] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    surplus: dict[str, float] = field(default_factory=dict)
    """Wins above what the stages' rates made expect."""

    def stage_rate(self, stage: str) -> float:
        """Wins of closed deals that were in the stage, drawn to one in four."""
        return (self.stage_wins.get(stage, 0) + 1) / (self.stage_cases.get(stage, 0) + 4)

    def kind_rate(self, kind: str, prior_cases: float) -> float:
        """Wins above the stages' rates, a case, drawn to none."""
        return self.surplus.get(kind, 0.0) / (self.cases.get(kind, 0) + prior_cases)

    def learn(self, stage: str, kinds: Sequence[str], won: bool) -> None:
        """Take in what became of a milestone."""
        surplus = won - self.stage_rate(stage)
        self.stage_cases[stage] = self.stage_cases.get(stage, 0) + 1
        self.stage_wins[stage] = self.stage_wins.get(stage, 0) + won
        for kind in kinds:
            self.cases[kind] = self.cases.get(kind, 0) + 1
            self.surplus[kind] = self.surplus.get(kind, 0.0) + surplus


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a row has, and of which feature each is; fitted on training milestones."""

    stages: tuple[str, ...]
    owners: tuple[str, ...]
    numbers: tuple[str, ...]
    """Attributes that are numbers."""
    kinds: tuple[tuple[str, tuple[str, ...]], ...]
    """Attributes that are words, each with the values that have a column."""
    medians: tuple[float, ...]
    """Of the numbers; they stand for one that is not there."""

    @classmethod
    def fit(cls, milestones: Sequence[Milestone], attributes: Sequence[str]) -> Self:
        """Choose columns. Rare owners and values have none, nor stages beyond the 40 commonest.

        They count by their rates.
        """
        paths = {m.path.deal_id: m.path for m in milestones}
        numbers, kinds, medians = [], [], []
        for name in attributes:
            values = [p.attributes[name] for p in paths.values() if name in p.attributes]
            figures = [value for value in values if isinstance(value, float)]
            if figures and len(figures) == len(values):
                numbers.append(name)
                medians.append(float(np.median(figures)))
            elif values:
                words = [str(value) for value in values]
                kinds.append((name, _commonest(words, COLUMN_CASES)))
        return cls(
            tuple(sorted(_commonest([m.entry.stage for m in milestones], 1))),
            _commonest([m.entry.owner for m in milestones], COLUMN_CASES),
            tuple(numbers),
            tuple(kinds),
            tuple(medians),
        )

    def features(self) -> list[str]:
        """The feature to which each column belongs, in the order of `row`."""
        names = ["stage", "owner", "owner", "owner", "owner"]
        names += ["days_open", "days_since_stage", "stages_entered", "returns", "stages_entered"]
        names += ["calendar"]
        for stage_feature in ("stage", "previous_stage", "days_in_stages"):
            names += [stage_feature] * len(self.stages)
        names += ["owner"] * len(self.owners)
        for name in self.numbers:
            names += [name] * 4
        for name, values in self.kinds:
            names += [name] * (1 + len(values))
        return names

    def row(self, milestone: Milestone, rates: KnownRates) -> list[float]:
        """The numbers of a milestone, as it stood.

        Args: milestone: the stage entered. rates: what had become of other deals by then.
        """
        path, position = milestone
        entry = path.entries[position]
        before = path.entries[:position]
        previous = before[-1] if before else None
        stages = [past.stage for past in before]
        owners = {past.owner for past in before} | {entry.owner}
        spent: dict[str, float] = {}
        for past, following in zip(before, path.entries[1 : position + 1], strict=True):
            spent[past.stage] = spent.get(past.stage, 0.0) + following.at - past.at
        values = [
            rates.stage_rate(entry.stage),
            rates.kind_rate(f"owner {entry.owner}", OWNER_CASES),
            rates.kind_rate(f"owner {entry.owner} in {entry.stage}", KIND_CASES),
            float(len(owners)),
            float(previous is not None and previous.owner == entry.owner),
            _log_days(entry.at - path.opened_at),
            _log_days(entry.at - previous.at if previous else 0.0),
            position + 1.0,
            float(stages.count(entry.stage)),
            float(len({*stages, entry.stage})),
            float((int(entry.at) + 3) % 7 >= 5),
        ]
        before_stage = previous.stage if previous else NOTHING
        values += [float(entry.stage == stage) for stage in self.stages]
        values += [float(before_stage == stage) for stage in self.stages]
        values += [_log_days(spent.get(stage, 0.0)) for stage in self.stages]
        values += [float(entry.owner == owner) for owner in self.owners]
        for name, median in zip(self.numbers, self.medians, strict=True):
            values += _number(path, name, median)
        for name, common in self.kinds:
            kind = str(path.attributes.get(name, NOTHING))
            values.append(rates.kind_rate(f"{name} {kind}", KIND_CASES))
            values += [float(kind == value) for value in common]
        return values

    def kinds_of(self, milestone: Milestone) -> list[str]:
        """The kinds whose rates a milestone's outcome tells of."""
        path, entry = milestone.path, milestone.entry
        found = [f"owner {entry.owner}", f"owner {entry.owner} in {entry.stage}"]
        return found + [f"{name} {path.attributes.get(name, NOTHING)}" for name, _ in self.kinds]

    def replay(self, milestones: Sequence[Milestone]) -> tuple[Floats, KnownRates]:
        """Rows of milestones in order of time, each with the rates of then, and those at the end.

        Returns: shape (milestones, columns), and the rates of all that closed.
        """
        rates = KnownRates()
        news = _outcomes(milestones)
        following = next(news, None)
        rows = []
        for milestone in milestones:
            while following is not None and following[0] <= milestone.entry.at:
                self._learn(rates, following[1])
                following = next(news, None)
            rows.append(self.row(milestone, rates))
        while following is not None:
            self._learn(rates, following[1])
            following = next(news, None)
        return np.array(rows).reshape(len(rows), len(self.features())), rates

    def _learn(self, rates: KnownRates, milestone: Milestone) -> None:
        won = milestone.path.outcome == "won"
        rates.learn(milestone.entry.stage, self.kinds_of(milestone), won)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """From JSON."""
        return cls(
            tuple(written["stages"]),
            tuple(written["owners"]),
            tuple(written["numbers"]),
            tuple((name, tuple(values)) for name, values in written["kinds"]),
            tuple(written["medians"]),
        )


def _outcomes(milestones: Sequence[Milestone]) -> Iterator[tuple[float, Milestone]]:
    """When it became known how each closed deal's milestones ended, in order of time."""
    closed = [(m.path.closed_at, m) for m in milestones if m.path.closed_at is not None]
    yield from sorted(closed, key=lambda c: (c[0], c[1].path.deal_id, c[1].position))


def _commonest(values: Sequence[str], least: int) -> tuple[str, ...]:
    """Those that come most often, and at least so many times; ties by name."""
    counted = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return tuple(value for value, times in counted[:MOST_COLUMNS] if times >= least)


def _log_days(days: float) -> float:
    return log(max(days, 0.0) + SHORTEST)


def _number(path: DealPath, name: str, median: float) -> list[float]:
    """A number's size, whether it is there, and how round it is: guesses are rounder."""
    given = path.attributes.get(name)
    value = given if isinstance(given, float) else median
    size = log1p(abs(value)) if value >= 0 else -log1p(abs(value))
    return [
        size,
        float(isinstance(given, float)),
        float(value % 1000 == 0),
        float(value % 5000 == 0),
    ]
