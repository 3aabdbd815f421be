"""Publishing to the ERP: what it is told of an order that changed while it was told nothing."""

from dataclasses import dataclass, replace
from typing import Literal

from takt.supply_planning.domain.orders import PurchaseOrder

PublishingState = Literal["on", "off"]


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that changed while publishing was off.

    Args:
        now: as it stands.
        told: as the ERP was told of it last; None when it was told nothing, or when that is not
            known: the telling was under way when publishing was switched off.
        told_sequence: the highest sequence that the ERP may have; 0 when it has none.
    """

    now: PurchaseOrder
    told: PurchaseOrder | None
    told_sequence: int

    @property
    def is_news(self) -> bool:
        """Whether the ERP does not know it as it stands; one that came and went is none."""
        if self.told is not None:
            return replace(self.told, sequence=self.now.sequence) != self.now
        return self.told_sequence > 0 or self.now.status != "cancelled"
