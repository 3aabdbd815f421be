"""Wire shapes of inventory and of moves between sites."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from takt.common.amounts import Code, SignedQuantity, Sum
from takt.common.http import Page
from takt.supply_planning.domain.abc_xyz import Abc, Xyz
from takt.supply_planning.domain.transfers import Why

InventoryClass = Literal[
    "A", "B", "C", "X", "Y", "Z", "AX", "AY", "AZ", "BX", "BY", "BZ", "CX", "CY", "CZ"
]
"""By value, by variation, or both."""


class InventoryItem(BaseModel):
    """The stock of an item at a site: used + safety + excess = available.

    Money is null where no cost is known: that of the supplier's smallest lot, else `unit_cost`.
    """

    item: Code
    site: Code
    on_hand: SignedQuantity
    value: Sum | None
    """Of what is on hand."""
    unit_cost: Sum | None
    annual_demand: Sum
    """Of the plan's weeks, x 52 / their number."""
    annual_consumption: Sum | None
    """Annual demand at cost."""
    average_stock: Sum
    """Projected, over the plan's weeks."""
    turns: Sum | None
    """Annual demand / average stock; null where none is projected."""
    cover: Literal["ends", "beyond"]
    """Whether stock on hand alone ends within the plan's weeks, or lasts beyond them."""
    days_of_cover: int | None
    """Whole days from today on whose demand stock on hand meets; null when beyond."""
    used_up_on: date | None
    available: Sum
    """On hand and all that open orders bring within the plan's weeks."""
    used: Sum
    safety: Sum
    excess: Sum
    excess_value: Sum | None
    obsolete: Sum
    """All that is on hand where the plan has no demand."""
    obsolete_value: Sum | None
    variation: Sum | None
    """Standard deviation / mean of the demand of whole weeks; null without demand."""
    abc: Abc | None
    xyz: Xyz | None


class InventoryTotals(BaseModel):
    """Of all pages, in money; what has no cost is counted and in no sum."""

    count: int
    without_cost: int
    value: Sum
    excess_value: Sum
    obsolete_value: Sum
    """As far as it exceeds safety stock it is in `excess_value`, too."""
    annual_consumption: Sum
    average_stock_value: Sum
    turns: Sum | None
    """Annual consumption / average stock, both at cost."""


class InventoryPage(Page[InventoryItem]):
    """A page of inventory, and the sums of all pages."""

    totals: InventoryTotals


class TransferProposal(BaseModel):
    """A move of what one site has left to where it is lacking.

    `why` is `shortage` where it is needed before a new order could be there, and `purchase` where
    it takes the place of one.
    """

    item: Code
    from_site: Code
    to_site: Code
    quantity: Sum
    needed_by: date
    ship_on: date
    arrives_on: date
    """Later than `needed_by` where the lead time is too long by now."""
    why: Why
    spared: Sum
    """What of it would be purchased otherwise."""
    saved: Sum | None
    """What is spared at the cost at `to_site`; null where that is not known."""


class TransferTotals(BaseModel):
    """Of all pages."""

    count: int
    saved: Sum
    without_cost: int
    """Moves that are not in `saved`, since no cost is known."""


class TransferPage(Page[TransferProposal]):
    """A page of moves, and the sums of all pages."""

    lead_time_days: int
    """Calendar days from site to site that were reckoned with."""
    totals: TransferTotals
