"""What a deviation is about: a series, or a sum of series up the product and region hierarchies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["series", "product", "family-region", "family", "region", "total"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A node of the hierarchy; an axis that is not named is summed over.

    At most one of `product` and `family` is set.
    """

    product: str | None = None
    family: str | None = None
    region: str | None = None

    @property
    def level(self) -> Level:
        """How far the scope is rolled up."""
        if self.product is not None:
            return "series" if self.region is not None else "product"
        if self.family is not None:
            return "family-region" if self.region is not None else "family"
        return "region" if self.region is not None else "total"

    @property
    def key(self) -> str:
        """A stable text that names the scope, the same for every bucket."""
        axes = (("product", self.product), ("family", self.family), ("region", self.region))
        return ";".join(f"{axis}={code}" for axis, code in axes if code is not None) or "total"

    @property
    def title(self) -> str:
        """The scope in words, for a subject line."""
        what = self.product or (f"family {self.family}" if self.family else "all products")
        return f"{what} in {self.region}" if self.region else what


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Which family a product belongs to and which region a region lies in; a top has no entry."""

    family_of: Mapping[str, str] = field(default_factory=dict)
    parent_region_of: Mapping[str, str] = field(default_factory=dict)

    def region_path(self, region: str) -> tuple[str, ...]:
        """The region and the ones that hold it, nearest first; a cycle ends where it closes."""
        path = [region]
        while (parent := self.parent_region_of.get(path[-1])) is not None and parent not in path:
            path.append(parent)
        return tuple(path)

    def scopes_of(self, product: str, region: str) -> tuple[Scope, ...]:
        """Every scope that a series counts in, finest first."""
        family = self.family_of.get(product)
        items = [Scope(product=product), *([Scope(family=family)] if family else []), Scope()]
        regions = (*self.region_path(region), None)
        return tuple(
            Scope(product=item.product, family=item.family, region=place)
            for item in items
            for place in regions
        )

    def covers(self, parent: Scope, child: Scope) -> bool:
        """Whether every series of `child` is one of `parent`; a scope does not cover itself."""
        if parent == child:
            return False
        if parent.product is not None and parent.product != child.product:
            return False
        if parent.family is not None:
            of_child = child.family or self.family_of.get(child.product or "")
            if of_child != parent.family:
                return False
        return parent.region is None or (
            child.region is not None and parent.region in self.region_path(child.region)
        )
