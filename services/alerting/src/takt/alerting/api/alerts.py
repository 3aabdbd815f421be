"""/v1/alerts: what left its limits."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from takt.alerting import schemas
from takt.alerting.api.places import before
from takt.alerting.service import contracts
from takt.alerting.store import alerts
from takt.alerting.tables import AlertRow
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page, encode_cursor
from takt.common.problems import NotFound

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


@router.get("", dependencies=[requires("alerts:read")])
async def list_alerts(
    tx: RequestTx,
    state: Literal["open", "resolved"] | None = None,
    kind: Literal["deviation", "cash_shortfall"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[schemas.Alert]:
    """Alerts, newest first."""
    is_open = None if state is None else state == "open"
    rows = await alerts.list_alerts(
        tx, is_open=is_open, kind=kind, before=before(cursor), limit=limit
    )
    following = encode_cursor(rows[-1].alert_id) if len(rows) == limit else None
    return Page(items=[_alert(row) for row in rows], next=following)


@router.get("/{alert_id}", dependencies=[requires("alerts:read")])
async def get_alert(alert_id: UUID, tx: RequestTx) -> schemas.Alert:
    """One alert."""
    row = await alerts.load_alert(tx, alert_id)
    if row is None:
        raise NotFound(f"there is no alert {alert_id}", field="alert_id", value=str(alert_id))
    return _alert(row)


def _alert(row: AlertRow) -> schemas.Alert:
    return schemas.Alert(**contracts.alert_state(row).model_dump(), sequence=row.sequence)
