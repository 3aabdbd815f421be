"""Pipelines: ordered stages with target durations, and the moves between them that are declared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

from takt.deals.domain.gates import Criterion, DocumentRequired, FieldRequired
from takt.deals.domain.refusal import Refusal

StageKind = Literal["open", "won", "lost"]
MoveKind = Literal["forward", "skip", "back", "won", "lost", "reopen"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a pipeline. `target` is how long a deal should stay; closed stages have none."""

    code: str
    name: str
    kind: StageKind = "open"
    target: timedelta | None = None
    exit_criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """Stages in their order and the declared moves; `revision` counts its changes."""

    code: str
    name: str
    stages: tuple[Stage, ...]
    transitions: frozenset[tuple[str, str]]
    revision: int = 1

    @cached_property
    def _places(self) -> dict[str, int]:
        return {stage.code: place for place, stage in enumerate(self.stages)}

    def stage(self, code: str) -> Stage | None:
        """The stage of that code, if the pipeline has one."""
        place = self._places.get(code)
        return None if place is None else self.stages[place]

    def first(self) -> Stage:
        """Where a deal begins."""
        return next(stage for stage in self.stages if stage.kind == "open")

    def moves_from(self, code: str) -> list[str]:
        """Codes of the stages that a deal may go to from here, in pipeline order."""
        return [stage.code for stage in self.stages if (code, stage.code) in self.transitions]

    def move_kind(self, source: str, target: str) -> MoveKind:
        """What a move means, by the order of the stages. Both stages must exist."""
        here, there = self._places[source], self._places[target]
        arriving = self.stages[there].kind
        if arriving != "open":
            return arriving
        if self.stages[here].kind != "open":
            return "reopen"
        if there < here:
            return "back"
        skips = any(stage.kind == "open" for stage in self.stages[here + 1 : there])
        return "skip" if skips else "forward"

    def stages_left(self, source: str, target: str) -> tuple[Stage, ...]:
        """Open stages whose exit criteria a move must meet: the one it leaves and all it skips.

        Going back, losing and reopening leave nothing behind that had to be finished.
        """
        if self.move_kind(source, target) in ("back", "lost", "reopen"):
            return ()
        here, there = self._places[source], self._places[target]
        return tuple(stage for stage in self.stages[here:there] if stage.kind == "open")


def check_pipeline(pipeline: Pipeline) -> list[Refusal]:
    """Everything that keeps a pipeline from being one; empty when it is sound."""
    refusals: list[Refusal] = []
    codes = [stage.code for stage in pipeline.stages]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        refusals.append(
            Refusal("duplicate-stage", "stages", code, "Give every stage its own code.")
        )
    kinds = [stage.kind for stage in pipeline.stages]
    if "open" not in kinds:
        refusals.append(Refusal("no-open-stage", "stages", "", "Declare at least one open stage."))
    for kind in ("won", "lost"):
        if kinds.count(kind) != 1:
            remedy = f"Declare exactly one stage of kind {kind}."
            refusals.append(Refusal(f"one-{kind}-stage", "stages", str(kinds.count(kind)), remedy))
    if kinds != sorted(kinds, key=("open", "won", "lost").index):
        remedy = "Order the stages: the open ones, then won, then lost."
        refusals.append(Refusal("closed-stage-first", "stages", ", ".join(codes), remedy))
    refusals += (refusal for stage in pipeline.stages for refusal in _check_stage(stage))
    for source, target in sorted(pipeline.transitions):
        if source == target or source not in codes or target not in codes:
            remedy = f"Declare transitions between two of: {', '.join(codes)}."
            value = f"{source} -> {target}"
            refusals.append(Refusal("unknown-transition", "transitions", value, remedy))
    return refusals


def _check_stage(stage: Stage) -> list[Refusal]:
    refusals: list[Refusal] = []
    if stage.target is not None and stage.target <= timedelta(0):
        remedy = "Give a target duration above zero, or none."
        refusals.append(Refusal("target-not-positive", "target_days", stage.code, remedy))
    if stage.kind != "open" and (stage.target is not None or stage.exit_criteria):
        remedy = "Closed stages have neither a target duration nor exit criteria."
        refusals.append(Refusal("closed-stage-has-work", "stages", stage.code, remedy))
    return refusals


def declare_transitions(
    stages: Sequence[Stage],
    *,
    longest_skip: int = 1,
    winning_from: Iterable[str],
    reopening_to: str,
) -> frozenset[tuple[str, str]]:
    """The usual moves: on, over up to `longest_skip` stages, back by one, lost, won, reopened."""
    opened = [stage.code for stage in stages if stage.kind == "open"]
    won = [stage.code for stage in stages if stage.kind == "won"]
    lost = [stage.code for stage in stages if stage.kind == "lost"]
    ahead = {
        (source, target)
        for place, source in enumerate(opened)
        for target in opened[place + 1 : place + 2 + longest_skip]
    }
    back = set(zip(opened[1:], opened[:-1], strict=True))
    closing = {(source, code) for source in opened for code in lost}
    closing |= {(source, code) for source in winning_from for code in won}
    reopening = {(code, reopening_to) for code in (*won, *lost)}
    return frozenset(ahead | back | closing | reopening)


def default_pipeline() -> Pipeline:
    """Lead qualification, needs confirmation, solution design, negotiation, won, lost."""
    stages = (
        Stage("lead-qualification", "Lead qualification", target=timedelta(days=7)),
        Stage(
            "needs-confirmation",
            "Needs confirmation",
            target=timedelta(days=14),
            exit_criteria=(FieldRequired("account"), DocumentRequired("requirements")),
        ),
        Stage(
            "solution-design",
            "Solution design",
            target=timedelta(days=21),
            exit_criteria=(FieldRequired("lines"),),
        ),
        Stage(
            "negotiation",
            "Negotiation",
            target=timedelta(days=14),
            exit_criteria=(FieldRequired("account"), FieldRequired("lines")),
        ),
        Stage("won", "Won", kind="won"),
        Stage("lost", "Lost", kind="lost"),
    )
    transitions = declare_transitions(
        stages, winning_from=("negotiation",), reopening_to="negotiation"
    )
    return Pipeline("default", "Default", stages, transitions)
