"""What a caller can be told about deals, each with field, value and remedy."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import ClassVar, Self

from takt.common.problems import Conflict, NotFound, Problem
from takt.deals.domain.refusal import Refusal, Refused


class Refusing(Problem):
    """A problem that lists every refusal; the first one is also its own field, value and remedy."""

    status: ClassVar[int] = 422

    @classmethod
    def of(cls, refusals: Sequence[Refusal], detail: str = "") -> Self:
        """The problem of these refusals, of which there is at least one."""
        first = refusals[0]
        more = f" (and {len(refusals) - 1} more)" if len(refusals) > 1 else ""
        return cls(
            detail or f"{first.field} = {first.value or 'nothing'}: {first.reason}{more}",
            field=first.field,
            value=first.value,
            remedy=first.remedy,
            refusals=[asdict(refusal) for refusal in refusals],
        )


class CompanyNotSet(Conflict):
    """The company has to be set first."""

    slug = "company-not-set"


class CompanyFixed(Conflict):
    """Currency and time zone are fixed once there is data."""

    slug = "company-fixed"


class UnknownReference(Refusing):
    """It refers to something that is not there."""

    slug = "unknown-reference"


class WrongCurrency(Refusing):
    """Amounts are in another currency than the company's."""

    slug = "wrong-currency"


class BadDeal(Refusing):
    """The deal cannot be as it is given."""

    slug = "bad-deal"


class BadSale(Refusing):
    """The sale cannot be as it is given."""

    slug = "bad-sale"


class PriceOutsideRange(Refusing):
    """A line is outside its price range or terms, and not approved."""

    status, slug = 409, "price-outside-range"


class StageNotFound(Refusing):
    """The pipeline has no such stage."""

    slug = "stage-not-found"


class AlreadyThere(Refusing):
    """The deal stands in this stage."""

    status, slug = 409, "already-there"


class MoveNotDeclared(Refusing):
    """The pipeline does not declare this move."""

    status, slug = 409, "move-not-declared"


class CriteriaUnmet(Refusing):
    """The deal does not meet what its stage asks for."""

    status, slug = 409, "criteria-unmet"


class CyclicHierarchy(Refusing):
    """Nothing lies inside itself."""

    slug = "cyclic-hierarchy"


class BadPipeline(Refusing):
    """The pipeline is not sound."""

    slug = "bad-pipeline"


class BadPriceRule(Refusing):
    """The price rule is not sound."""

    slug = "bad-price-rule"


class MappingUnreadable(Refusing):
    """The mapping cannot be read."""

    slug = "mapping-unreadable"


class DealClosed(Conflict):
    """A closed deal's lines and terms stay as they were; reopen it first."""

    slug = "deal-closed"


class ExternalIdTaken(Conflict):
    """Another deal has this source and external id."""

    slug = "external-id-taken"


class ChangedMeanwhile(Conflict):
    """Others keep changing it at the same moment."""

    slug = "changed-meanwhile"


class BadFileName(Problem):
    """A file's name has no folder in it."""

    status, slug = 422, "bad-file-name"


class ImportNotReceiving(Conflict):
    """The import does not take files any more."""

    slug = "import-not-receiving"


MOVE_PROBLEMS: dict[str, type[Refusing]] = {
    "stage-not-found": StageNotFound,
    "already-there": AlreadyThere,
    "move-not-declared": MoveNotDeclared,
    "criteria-unmet": CriteriaUnmet,
}


def move_problem(refused: Refused) -> Refusing:
    """The problem of a refused move, with all its reasons."""
    return MOVE_PROBLEMS[refused.reason].of(refused.refusals)


def deal_not_found(identity: object) -> NotFound:
    """There is no such deal."""
    return NotFound(
        f"there is no deal {identity}",
        field="id",
        value=str(identity),
        remedy="take an id from GET /v1/deals",
    )
