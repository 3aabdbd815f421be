from takt.deals.domain.gates import (
    ApprovalRequired,
    Criterion,
    DocumentRequired,
    Evidence,
    FieldRequired,
    unmet_criteria,
)

CRITERIA: list[tuple[str, Criterion]] = [
    ("Needs confirmation", FieldRequired("account")),
    ("Needs confirmation", DocumentRequired("requirements")),
    ("Needs confirmation", ApprovalRequired("sales-manager")),
    ("Solution design", FieldRequired("account")),
]


def test_every_unmet_criterion_is_listed_once() -> None:
    nothing = Evidence(frozenset(), frozenset(), frozenset())
    refusals = unmet_criteria(CRITERIA, nothing)
    assert [(refusal.reason, refusal.field, refusal.value) for refusal in refusals] == [
        ("field-missing", "account", ""),
        ("document-missing", "documents", "requirements"),
        ("approval-missing", "approvals", "sales-manager"),
    ]
    assert all(refusal.remedy for refusal in refusals)


def test_a_deal_with_all_evidence_passes() -> None:
    everything = Evidence(
        frozenset({"account"}), frozenset({"requirements"}), frozenset({"sales-manager"})
    )
    assert unmet_criteria(CRITERIA, everything) == ()
