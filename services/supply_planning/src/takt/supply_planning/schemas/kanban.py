"""Wire shapes of kanban loops."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from takt.common.amounts import Code, PositiveQuantity, Probability, Quantity, SignedQuantity, Sum
from takt.common.http import RequestModel
from takt.supply_planning.domain.kanban import MOST_CARDS
from takt.supply_planning.domain.netting import WEEKS

USUAL_WEEKS = 4
"""Of planned demand that cards are computed from, where nothing else is said."""

LeadTimeDays = Annotated[int, Field(ge=1, le=3650)]
DemandWeeks = Annotated[int, Field(ge=1, lt=WEEKS)]
Cards = Annotated[int, Field(ge=1, le=MOST_CARDS)]


class KanbanLoop(RequestModel):
    """An item at a site that is refilled by cards, one for each container.

    Cards = demand a day x lead time x (1 + safety share) / container, rounded up, in calendar days.
    The demand is given, or that of the plan over the `demand_weeks` after this one, 4 without
    either. `cards` given hold; without them they are computed now and stay until the loop is
    written again.
    """

    item: Code
    site: Code
    container_quantity: PositiveQuantity
    lead_time_days: LeadTimeDays
    safety_share: Probability = Decimal(0)
    demand_per_day: PositiveQuantity | None = None
    demand_weeks: DemandWeeks | None = None
    cards: Cards | None = None

    @model_validator(mode="after")
    def _of_one_demand(self) -> Self:
        if self.demand_per_day is not None and self.demand_weeks is not None:
            raise ValueError("give demand_per_day, or demand_weeks of the plan, not both")
        return self


class KanbanState(BaseModel):
    """A loop and where its cards are: full + on_order + free = cards + overfull.

    A free card has no container and nothing on order for it: it is signalled, and ceases to be free
    when an order is placed for it or goods arrive.
    """

    item: Code
    site: Code
    container_quantity: Quantity
    lead_time_days: int
    safety_share: Probability
    demand_per_day: Sum
    """As given, or of the plan."""
    demand_weeks: int | None
    """Weeks of the plan that the demand is of; null where it is given."""
    cards: int
    cards_given: bool
    """By a person; else computed when the loop was written."""
    computed_cards: int
    """By the demand as it is now."""
    difference: str | None
    """What it means where both differ."""
    on_hand: SignedQuantity
    ordered: Sum
    """Of approved purchase orders and scheduled receipts, what is still to come."""
    full: int
    on_order: int
    free: int
    unsignalled: int
    """Of the free ones: seen since stock last changed, and signalled when it changes again."""
    overfull: int
    sequence: int
    """Of its last signal; 0 before the first."""
    signalled_at: datetime | None
