"""/v1/deviations: how sales stand against the frozen forecast."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from fastapi import APIRouter, Request

from takt.alerting import schemas
from takt.alerting.domain.deviation import Verdict
from takt.alerting.service import contracts
from takt.alerting.service.deviations import check, judge_weeks
from takt.alerting.store import buckets, reference
from takt.alerting.store.buckets import ScopeWeeks
from takt.common.amounts import micro
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceText,
    RequestCause,
    decode_cursor,
    encode_cursor,
)

router = APIRouter(prefix="/v1/deviations", tags=["deviations"])

Level = Literal["series", "product", "family-region", "family", "region", "total"]


@router.get("", dependencies=[requires("alerts:read")])
async def list_deviations(
    request: Request,
    tx: RequestTx,
    now: Now,
    level: Level | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[schemas.Deviation]:
    """Every scope as it stands now, breached or not, in the order of its key."""
    zone = await reference.load_zone(tx)
    today = now.astimezone(zone).date()
    week = today - timedelta(days=today.weekday())
    place = decode_cursor(cursor, tuple[PlaceText])
    after = place[0] if place else None
    keys = await buckets.load_scopes(tx, [week, week - buckets.WEEK], after, limit, level)
    weeks = await buckets.load_weeks(tx, keys, today)
    profile = await buckets.load_profile(tx, today)
    items = [
        _deviation(weeks[key], judge_weeks(weeks[key], today, profile, request.app.state.limits))
        for key in keys
    ]
    return Page(items=items, next=encode_cursor(keys[-1]) if len(keys) == limit else None)


@router.post("/check", dependencies=[requires("alerts:write")])
async def check_now(
    request: Request, tx: RequestTx, now: Now, cause: RequestCause
) -> schemas.Check:
    """Judge every scope now, as the daily check does: what sells nothing emits nothing."""
    checked = await check(tx, now, request.app.state.limits, cause)
    return schemas.Check(
        scopes=checked.scopes,
        raised=checked.raised,
        resolved=checked.resolved,
        opened=checked.opened,
    )


def _deviation(weeks: ScopeWeeks, verdict: Verdict) -> schemas.Deviation:
    return schemas.Deviation(
        scope=contracts.deviation_scope(weeks.scope, verdict.week),
        title=weeks.scope.title,
        unit=weeks.unit,
        breached=verdict.breached,
        direction=verdict.direction,
        reason=verdict.reason,
        rules=list(verdict.fired),
        weeks=list(verdict.weeks),
        expected=micro(verdict.expected),
        actual=micro(verdict.actual),
        relative_error=verdict.relative_error,
        tracking_signal=verdict.tracking_signal,
    )
