"""Exit criteria: what must be true before a deal leaves a stage."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from takt.deals.domain.refusal import Refusal

GateField = Literal["account", "expected_close", "lines"]
GATE_FIELDS: Final[tuple[GateField, ...]] = ("account", "expected_close", "lines")
"""The fields that a deal may lack; owner, region and name it has from the start."""


@dataclass(frozen=True, slots=True)
class FieldRequired:
    """A field of the deal must be filled."""

    field: GateField


@dataclass(frozen=True, slots=True)
class DocumentRequired:
    """A completed document of that kind must be attached."""

    document: str


@dataclass(frozen=True, slots=True)
class ApprovalRequired:
    """The offer as it stands must be approved by somebody of that role."""

    role: str


Criterion = FieldRequired | DocumentRequired | ApprovalRequired


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a deal has to show at a gate: filled fields, completed documents, approving roles."""

    fields: frozenset[str]
    documents: frozenset[str]
    approvals: frozenset[str]


def unmet_criteria(
    criteria: Iterable[tuple[str, Criterion]], evidence: Evidence
) -> tuple[Refusal, ...]:
    """Every criterion that does not hold, in order, each once; criteria come with their stage."""
    refusals: dict[Criterion, Refusal] = {}
    for stage, criterion in criteria:
        if criterion in refusals:
            continue
        match criterion:
            case FieldRequired(field):
                if field not in evidence.fields:
                    remedy = f"Fill {field} before the deal leaves {stage}."
                    refusals[criterion] = Refusal("field-missing", field, "", remedy)
            case DocumentRequired(document):
                if document not in evidence.documents:
                    remedy = f"Attach the completed {document} document; {stage} asks for it."
                    refusals[criterion] = Refusal("document-missing", "documents", document, remedy)
            case ApprovalRequired(role):
                if role not in evidence.approvals:
                    remedy = (
                        f"Have a {role} approve the offer as it stands; {stage} asks for it, and "
                        "an approval is void when price, quantity, product or terms change."
                    )
                    refusals[criterion] = Refusal("approval-missing", "approvals", role, remedy)
            case _:
                assert_never(criterion)
    return tuple(refusals.values())
