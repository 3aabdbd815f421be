"""The generated model of finite planning: three levels, fifty resources, peaks above capacity."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.capacity import Routings
from takt.supply_planning.domain.finite_model import FiniteModel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
WEEKS, RESOURCES = 52, 50
TWO_STEPS = 0.4
"""The share of made items with two operations."""


@dataclass(frozen=True, slots=True)
class _Structure:
    finished: Integers
    made: Integers
    bought: Integers
    parent: Integers
    component: Integers
    factor: Floats


def _structure(items: int, random: np.random.Generator) -> _Structure:
    finished, made, bought = np.split(np.arange(items), [int(0.3 * items), int(0.6 * items)])
    lines = [
        (parents, random.choice(pool, len(parents)))
        for parents, pool, count in ((finished, made, 2), (finished, bought, 2), (made, bought, 3))
        for _ in range(count)
    ]
    pairs = np.unique(np.concatenate([np.stack(pair, axis=1) for pair in lines]), axis=0)
    factor = random.integers(1, 4, len(pairs)).astype(np.float64)
    return _Structure(finished, made, bought, pairs[:, 0], pairs[:, 1], factor)


def _routings(bill: _Structure, resources: int, random: np.random.Generator) -> Routings:
    half = resources // 2
    table = []
    for rows, first, last in ((bill.finished, half, resources), (bill.made, 0, half)):
        for row, two in zip(rows, random.random(len(rows)) < TWO_STEPS, strict=True):
            used = random.choice(np.arange(first, last), 1 + two, replace=False)
            table += [(row, resource, place, len(used)) for place, resource in enumerate(used)]
    row, resource, place, of = np.array(table, dtype=np.int64).T
    minutes = random.lognormal(0, 0.6, len(row))
    return Routings(row, resource, place, of, minutes, minutes)


def generated(
    items: int, seed: int = 0, weeks: int = WEEKS, resources: int = RESOURCES
) -> FiniteModel:
    """30 % finished, 30 % subassemblies, 40 % bought; loads around 90 % of capacity.

    Demand of a finished item follows a season that it shares with others of its resource, so that
    resources are asked for more than they have at times of their own; orders on their way cover
    lead times, nearly.
    """
    random = np.random.default_rng(seed)
    bill = _structure(items, random)
    steps = _routings(bill, resources, random)
    lead = np.ones(items, dtype=np.int64)
    lead[bill.made] = random.integers(1, 3, len(bill.made))
    lead[bill.bought] = random.integers(1, 6, len(bill.bought))
    last = np.zeros(items, dtype=np.int64)
    last[steps.row] = steps.resource
    phase = random.uniform(0, 1, resources)[last[bill.finished], np.newaxis]
    season = 1 + 0.4 * np.sin(2 * np.pi * (np.arange(weeks) / weeks + phase))
    usual = random.lognormal(3, 1, (len(bill.finished), 1))
    noise = random.lognormal(-0.125, 0.5, (len(bill.finished), weeks))
    demand = np.round(usual * season * noise)

    gross = np.zeros((items, weeks))
    gross[bill.finished] = demand
    stock, receipts, released = np.zeros(items), np.zeros((items, weeks)), np.zeros((items, weeks))
    for rows in (bill.finished, bill.made, bill.bought):
        need = gross[rows]
        covered = np.arange(weeks) < lead[rows, np.newaxis]
        share = random.uniform(0.8, 1.3, (len(rows), weeks))
        receipts[rows] = np.round(np.where(covered, need * share, 0.0))
        stock[rows] = np.round(need.mean(axis=1) * random.choice([0.3, 1.0, 2.0], len(rows)))
        short = np.cumsum(need - receipts[rows], axis=1) - stock[rows, np.newaxis]
        net = np.diff(np.maximum.accumulate(np.maximum(short, 0.0), axis=1), axis=1, prepend=0.0)
        for row, each in zip(rows, net, strict=True):
            released[row, : weeks - lead[row]] = each[lead[row] :]
            released[row, 0] += each[: lead[row]].sum()
        taken = np.isin(bill.parent, rows)
        drawn = released[bill.parent[taken]] * bill.factor[taken, np.newaxis]
        np.add.at(gross, bill.component[taken], drawn)

    value = np.zeros(items)
    value[bill.bought] = random.lognormal(1, 1, len(bill.bought))
    for rows in (bill.made, bill.finished):
        taken = np.isin(bill.parent, rows)
        parts = bill.factor[taken] * value[bill.component[taken]]
        np.add.at(value, bill.parent[taken], 1.2 * parts)

    asked = np.zeros((resources, weeks))
    np.add.at(asked, steps.resource, released[steps.row] * steps.minutes[:, np.newaxis])
    used = random.uniform(0.82, 0.98, resources)
    capacity = np.repeat((asked[:, : weeks - 3].mean(axis=1) / used)[:, np.newaxis], weeks, axis=1)
    usual_need = gross.mean(axis=1)
    lots = random.random(items) < 0.5
    multiple = np.where(lots, np.maximum(np.round(usual_need / 4), 1.0), 0.0)
    return FiniteModel(
        lead=lead,
        fence=np.zeros_like(lead),
        stock=stock,
        safety=np.where(random.random(items) < 0.5, np.round(0.3 * usual_need), 0.0),
        value=value,
        receipts=receipts,
        fixed=np.zeros((items, weeks)),
        parent=bill.parent,
        component=bill.component,
        factor=bill.factor,
        steps=steps,
        demand_row=bill.finished,
        weight=random.integers(1, 11, len(bill.finished)).astype(np.float64),
        demand=demand,
        capacity=capacity,
        overtime=0.1 * capacity,
        overtime_cost=np.ones(resources),
        lot_minimum=np.where(lots, np.round(usual_need), 0.0),
        lot_multiple=multiple,
    )
