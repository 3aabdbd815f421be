"""Small models for the tests of finite planning."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from takt.supply_planning.domain.capacity import Routings
from takt.supply_planning.domain.finite_model import FiniteModel

Steps = Sequence[tuple[int, int, float]]
"""Row, resource, minutes; the steps of a row follow each other."""


def model(
    demand: Mapping[int, Sequence[float]] | Sequence[tuple[int, float, Sequence[float]]],
    capacity: Sequence[Sequence[float]],
    steps: Steps,
    lead: Sequence[int],
    lines: Sequence[tuple[int, int, float]] = (),
    **other: Any,
) -> FiniteModel:
    """A model; what is not given is nothing, and weighs 1."""
    streams = (
        [(row, 1.0, wanted) for row, wanted in demand.items()]
        if isinstance(demand, Mapping)
        else list(demand)
    )
    rows, resources = len(lead), len(capacity)
    weeks = len(streams[0][2])
    row = np.array([step[0] for step in steps], dtype=np.int64)
    place = np.array([sum(row[:i] == row[i]) for i in range(len(row))], dtype=np.int64)
    of = np.array([sum(row == each) for each in row], dtype=np.int64)
    values: dict[str, Any] = {
        "lead": np.array(lead),
        "fence": np.zeros(rows, dtype=np.int64),
        "stock": np.zeros(rows),
        "safety": np.zeros(rows),
        "value": np.ones(rows),
        "receipts": np.zeros((rows, weeks)),
        "fixed": np.zeros((rows, weeks)),
        "parent": np.array([line[0] for line in lines], dtype=np.int64),
        "component": np.array([line[1] for line in lines], dtype=np.int64),
        "factor": np.array([line[2] for line in lines], dtype=np.float64),
        "steps": Routings(
            row,
            np.array([step[1] for step in steps], dtype=np.int64),
            place,
            of,
            np.array([step[2] for step in steps], dtype=np.float64),
            np.zeros(len(steps)),
        ),
        "demand_row": np.array([stream[0] for stream in streams]),
        "weight": np.array([stream[1] for stream in streams], dtype=np.float64),
        "demand": np.array([stream[2] for stream in streams], dtype=np.float64),
        "capacity": np.array(capacity, dtype=np.float64),
        "overtime": np.zeros((resources, weeks)),
        "overtime_cost": np.ones(resources),
        "lot_minimum": np.zeros(rows),
        "lot_multiple": np.zeros(rows),
    }
    given = {name: np.array(value, dtype=np.float64) for name, value in other.items()}
    return FiniteModel(**(values | given))


WEEKS = 6


@st.composite
def models(draw: st.DrawFn, limited: bool = True) -> FiniteModel:
    """Two finished rows over two subassemblies over two bought ones, on two resources."""
    whole = st.integers(0, 9)

    def numbers(count: int) -> list[int]:
        return draw(st.lists(whole, min_size=count, max_size=count))

    lines = [(0, 2, 1), (0, 4, 2), (1, 2, 1), (1, 3, 2), (2, 5, 1), (3, 5, 1)]
    steps = [(0, 0, 1), (1, 0, 2), (2, 1, 1), (3, 1, 1), (3, 0, 1)]
    kept = draw(st.lists(st.booleans(), min_size=len(steps), max_size=len(steps)))
    roomy = 10_000
    capacity = [[each * 3 if limited else roomy for each in numbers(WEEKS)] for _ in range(2)]
    return model(
        [(row, draw(st.integers(1, 5)), numbers(WEEKS)) for row in (0, 1, 1, 2)],
        capacity,
        [step for step, there in zip(steps, kept, strict=True) if there],
        draw(st.lists(st.integers(0, 2), min_size=6, max_size=6)),
        lines,
        stock=numbers(6),
        value=[5.5, 7.5, 2, 2, 1, 1],
        receipts=[numbers(WEEKS) for _ in range(6)],
        overtime=[[draw(whole)] * WEEKS for _ in range(2)],
        lot_minimum=numbers(6),
        lot_multiple=draw(st.lists(st.integers(0, 4), min_size=6, max_size=6)),
    )
