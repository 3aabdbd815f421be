"""Why a decision said no: named, with the field, its value and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason against a change; a decision lists all of them, never only the first."""

    reason: str
    field: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A decision that changes nothing. `reason` names the kind, `refusals` every single cause."""

    reason: str
    refusals: tuple[Refusal, ...]
