"""Documents that were completed for a deal."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from takt.common.db import Tx
from takt.deals.store.rows import fetch


async def add_documents(
    tx: Tx,
    documents: Sequence[tuple[UUID, str, str, str | None]],
    completed_at: datetime,
) -> None:
    """Keep completed documents (deal, kind, name, address); a later one of its kind replaces."""
    if documents:
        await fetch(
            tx,
            "INSERT INTO deal_documents (deal_id, kind, name, address, completed_at)"
            " SELECT *, $5 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])"
            " ON CONFLICT (deal_id, kind) DO UPDATE SET name = excluded.name,"
            " address = excluded.address, completed_at = excluded.completed_at",
            *([row[place] for row in documents] for place in range(4)),
            completed_at,
        )
