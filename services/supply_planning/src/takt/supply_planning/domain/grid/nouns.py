"""A grid from the nouns of planning: policies, positions, a bill of material."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime, WorkingCalendar, earliest_due
from takt.supply_planning.domain.grid.lines import ALWAYS
from takt.supply_planning.domain.grid.lots import lots_of
from takt.supply_planning.domain.grid.model import Dated, Grid, Leads, Lines, Rows, lay_out
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, due_dates, release_day
from takt.supply_planning.domain.plan import ItemSite, Position

NOTHING = 0


def grid_of(
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    positions: Mapping[ItemSite, Position],
    horizon: Horizon,
    *,
    moving: bool = True,
) -> Grid:
    """Everything that has a policy, as rows in the order of `policies`.

    Raises: ValueError: a lead time depends on the quantity, or a line has alternates: `domain.plan`
        alone can plan those.
    """
    keys = list(policies)
    row = {key: place for place, key in enumerate(keys)}
    given = [(row[key], positions[key]) for key in keys if key in positions]
    # What should have started already starts today.
    starts = [
        (
            place,
            max(supply.release or supply.due, horizon.today),
            policies[keys[place]].to_start(supply.quantity),
        )
        for place, one in given
        if policies[keys[place]].source != "buy"
        for supply in one.supplies
        if supply.kind == "firm"
    ]
    leads, lead = leads_of(
        [(policy.lead, policy.work, policy.receiving) for policy in policies.values()], horizon
    )
    return lay_out(
        _rows(list(policies.values()), [positions.get(key) for key in keys], lead, horizon),
        _lines(bill, row),
        leads,
        dated(
            ((place, day, quantity) for place, one in given for day, quantity in one.demand),
            horizon,
        ),
        dated(
            (
                (place, supply.due, supply.quantity)
                for place, one in given
                for supply in one.supplies
            ),
            horizon,
        ),
        dated(starts, horizon),
        np.array(
            [day.toordinal() for _, day, _ in starts if horizon.bucket(day) is not None], np.int64
        ),
        weeks=horizon.weeks,
        moving=moving,
    )


def leads_of(
    used: Sequence[tuple[LeadTime, WorkingCalendar, WorkingCalendar]], horizon: Horizon
) -> tuple[Leads, list[int]]:
    """The tables of lead times with their calendars of work and of receiving, and each one's row.

    Raises: ValueError: one depends on the quantity. NoWorkingTimeError: a calendar is closed.
    """
    classes: dict[Hashable, int] = {}
    lead = [classes.setdefault(one, len(classes)) for one in used]
    distinct = list(dict.fromkeys(used))
    shape = (len(distinct), horizon.weeks)
    release, due_on, release_on = (np.zeros(shape, np.int64) for _ in range(3))
    earliest, arrival = (np.zeros(len(distinct), np.int64) for _ in range(2))
    for place, (time, work, receiving) in enumerate(distinct):
        if time.minutes_per_unit:
            raise ValueError("a lead time that depends on the quantity is planned item by item")
        policy = PlanningPolicy("make", lead=time, work=work, receiving=receiving)
        done = earliest_due(horizon.today, time, NOTHING, work)
        earliest[place] = done.toordinal()
        arrival[place] = next(receiving.working_days_from(done)).toordinal()
        for bucket, due in enumerate(due_dates(receiving, horizon)):
            start = release_day(due, NOTHING, policy, horizon)
            due_on[place, bucket] = due.toordinal()
            release_on[place, bucket] = start.toordinal()
            release[place, bucket] = bucket_of(start, horizon)
    return Leads(release, due_on, release_on, earliest, arrival), lead


def bucket_of(day: date, horizon: Horizon) -> int:
    """The bucket of a day that is known not to lie after the horizon."""
    found = horizon.bucket(day)
    if found is None:
        raise ValueError(f"{day} lies after the horizon")
    return found


def dated(entries: Iterable[tuple[int, date, int]], horizon: Horizon) -> Dated:
    """Rows, days and quantities as columns; what lies after the horizon is left out."""
    found = [
        (row, bucket, quantity)
        for row, day, quantity in entries
        if (bucket := horizon.bucket(day)) is not None
    ]
    rows, buckets, quantities = zip(*found, strict=True) if found else ((), (), ())
    return Dated(
        np.array(rows, np.int64), np.array(buckets, np.int64), np.array(quantities, np.float64)
    )


def _rows(
    policies: Sequence[PlanningPolicy],
    positions: Sequence[Position | None],
    lead: Sequence[int],
    horizon: Horizon,
) -> Rows:
    good, of = zip(*(policy.yield_share.as_integer_ratio() for policy in policies), strict=True)
    return Rows(
        made=np.array([policy.source != "buy" for policy in policies], np.bool_),
        good=np.array(good, np.int64),
        of=np.array(of, np.int64),
        on_hand=np.array([one.on_hand if one else 0 for one in positions], np.float64),
        safety_stock=np.array([policy.safety_stock for policy in policies], np.float64),
        lots=lots_of([policy.lot for policy in policies]),
        fence=np.array([policy.fence(horizon) for policy in policies], np.int64),
        lead=np.array(lead, np.int64),
        tolerance_days=np.array([policy.tolerance_days for policy in policies], np.int64),
        tolerance_share=np.array([policy.tolerance_share for policy in policies], np.float64),
    )


def _lines(bill: BillOfMaterial, row: Mapping[ItemSite, int]) -> Lines:
    if any(line.alternates for line in bill.lines):
        raise ValueError("what may stand in for another is planned item by item")
    sites = sorted({key.site for key in row})
    found = [
        (
            row[parent],
            row[component],
            *line.part.factor,
            line.valid_from.toordinal() if line.valid_from else ALWAYS[0],
            line.valid_to.toordinal() if line.valid_to else ALWAYS[1],
        )
        for line in bill.lines
        for site in sites
        if (parent := ItemSite(line.parent, site)) in row
        and (component := ItemSite(line.component, site)) in row
    ]
    columns = zip(*found, strict=True) if found else ((),) * 6
    return Lines(*(np.array(column, np.int64) for column in columns))
