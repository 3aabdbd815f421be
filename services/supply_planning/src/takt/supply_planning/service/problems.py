"""What procurement refuses, and what to do about it."""

from collections.abc import Collection, Sequence

from takt.common.problems import Conflict, NotFound, Problem


class UnknownReference(Problem):
    """It refers to something that is not there."""

    status, slug = 422, "unknown-reference"


class BillCycle(Problem):
    """A bill of material contains itself."""

    status, slug = 422, "bill-of-material-cycle"


class NamedTwice(Problem):
    """The same thing is named twice."""

    status, slug = 422, "named-twice"


class DemandTooLarge(Problem):
    """The demand draws on more than a quantity can say."""

    status, slug = 422, "demand-too-large"


class OrderTooLarge(Problem):
    """The purchase order costs more than money can say."""

    status, slug = 422, "purchase-order-too-large"


class OrderNotFound(NotFound):
    """There is no such purchase order."""

    slug = "purchase-order-not-found"


class OrderStateRefused(Conflict):
    """The purchase order is in another state."""

    slug = "purchase-order-state"


class PublishingIsOff(Conflict):
    """Publishing to the ERP is switched off."""

    slug = "erp-publishing-off"


class NotServed(Problem):
    """No site serves this product in this region."""

    status, slug = 422, "not-served"


class NothingToPromise(Conflict):
    """All that there is or comes is given away already."""

    slug = "nothing-to-promise"


class LineSold(Conflict):
    """The line is sold already."""

    slug = "line-sold"


class ExpiryPassed(Problem):
    """It would have expired already."""

    status, slug = 422, "expiry-passed"


class ReservationNotFound(NotFound):
    """There is no such reservation."""

    slug = "reservation-not-found"


class ReservationClosed(Conflict):
    """The reservation is not open any more."""

    slug = "reservation-closed"


class NotPlanned(NotFound):
    """There is no such plan."""

    slug = "plan-not-found"


class PlanNotKept(NotFound):
    """That plan is not kept."""

    slug = "plan-not-kept"


class AskForOne(Problem):
    """Say one demand of which you ask."""

    status, slug = 422, "ask-for-one"


class OutsideHorizon(Problem):
    """Planning does not reach that far."""

    status, slug = 422, "outside-horizon"


class LoopNotFound(NotFound):
    """There is no such kanban loop."""

    slug = "kanban-loop-not-found"


class LoopTooLarge(Problem):
    """The kanban loop has more cards than there can be."""

    status, slug = 422, "kanban-loop-too-large"


class NothingPlanned(Problem):
    """No demand is planned, so no cards follow from it."""

    status, slug = 422, "nothing-planned"


class NotStocked(Problem):
    """It is not stocked at the site."""

    status, slug = 422, "not-stocked"


class NotMade(Problem):
    """It is not made at the site."""

    status, slug = 422, "not-made"


class RoutingNotFound(NotFound):
    """There is no such routing."""

    slug = "routing-not-found"


def refuse_unknown(
    references: Sequence[tuple[str, str]], unknown: Collection[str], noun: str
) -> None:
    """Name every reference that is unknown.

    Args:
        references: field and code of each reference.
        unknown: the codes that are not there.
        noun: the plural of what they should be, as in its address.
    """
    errors = [
        {
            "field": field,
            "value": code,
            "problem": f"there is no such code in /v1/{noun}",
            "remedy": f"write it with PUT /v1/{noun} first, or check its spelling",
        }
        for field, code in references
        if code in unknown
    ]
    if errors:
        first = errors[0]
        raise UnknownReference(
            f"{first['field']}: {first['value']} is not known",
            field=first["field"],
            value=first["value"],
            remedy=first["remedy"],
            errors=errors,
        )


def refuse_twice(field: str, names: Sequence[str]) -> None:
    """Refuse a set in which a thing comes twice: it could not be said which one holds."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            raise NamedTwice(
                f"{name} is in the set more than once",
                field=f"items.{place}.{field}",
                value=name,
                remedy="send each thing once",
            )
        seen.add(name)
