"""Sums over product families and regions, exact at every level."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar

Node = TypeVar("Node")


def ancestry(code: str, parents: Mapping[str, str | None]) -> list[str]:
    """`code` and all that it lies in, nearest first. A loop in the parents ends where it closes."""
    found = [code]
    parent = parents.get(code)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def roll_up(
    leaves: Iterable[tuple[Sequence[Node], Sequence[Decimal]]],
) -> dict[Node, list[Decimal]]:
    """Sum the buckets of leaves into every node that holds them.

    Args: leaves: the nodes that a leaf belongs to, each once, and its quantities per bucket.
    """
    sums: dict[Node, list[Decimal]] = {}
    for nodes, quantities in leaves:
        for node in nodes:
            known = sums.get(node)
            sums[node] = (
                list(quantities)
                if known is None
                else [a + b for a, b in zip(known, quantities, strict=True)]
            )
    return sums


def round_to_sum(quantities: Sequence[Decimal], step: Decimal = Decimal(1)) -> list[Decimal]:
    """Round to multiples of `step` by the largest remainder, so that the sum is the rounded sum.

    Ties go to the first.
    """
    floors = [(q / step).to_integral_value(ROUND_FLOOR) for q in quantities]
    target = (sum(quantities, Decimal(0)) / step).to_integral_value()
    missing = int(target - sum(floors, Decimal(0)))
    remainders = sorted(
        range(len(quantities)), key=lambda i: quantities[i] / step - floors[i], reverse=True
    )
    for i in remainders[:missing]:
        floors[i] += 1
    return [floor * step for floor in floors]
