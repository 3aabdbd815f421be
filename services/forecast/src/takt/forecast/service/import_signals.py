"""Import of signals (F8): good rows are recorded, each bad one is reported with what to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from takt.common.db import Tx
from takt.common.event import Cause
from takt.forecast.schemas import ImportReport, RowError
from takt.forecast.schemas_signals import SignalIn
from takt.forecast.service.import_history import row_errors
from takt.forecast.service.record_signals import Statement, keep_statements
from takt.forecast.service.signal_scopes import Known, known_scopes, unknown

COLUMNS = ("external_id", "kind", "begins", "ends")
OTHERS = "product, family, region, strength, value, note"


async def import_signals(
    tx: Tx,
    rows: Sequence[dict[str, Any]],
    *,
    source: str,
    dry_run: bool,
    by: str,
    now: datetime,
    cause: Cause,
) -> ImportReport:
    """Record rows as signals of `source`. The same rows again change nothing; others correct.

    Args:
        tx: the caller's transaction.
        rows: fields of a signal by name; its id is the source's own.
        source: whose words they are.
        dry_run: only report what an import would do.
        by: who imports.
        now: business time.
        cause: the request.
    """
    known = await known_scopes(tx)
    good: dict[str, SignalIn] = {}
    errors: list[RowError] = []
    for line, raw in enumerate(rows, start=1):
        try:
            row = SignalIn.model_validate({**raw, "source": source})
        except ValidationError as error:
            errors += row_errors(line, error)
            continue
        wrong = _wrong(line, row, known, good)
        errors += wrong
        if not wrong:
            good[row.external_id] = row
    said = [Statement.of(row, by, cause) for row in good.values()]
    outcomes = await keep_statements(tx, said, now, dry_run=dry_run) if said else []
    unchanged = sum(outcome.result == "unchanged" for outcome in outcomes)
    return ImportReport(
        read=len(rows), imported=len(outcomes) - unchanged, unchanged=unchanged, errors=errors
    )


def _wrong(
    line: int, row: SignalIn, known: Known, before: Mapping[str, SignalIn]
) -> list[RowError]:
    """What a row names that is not there, and an id that came before in the same import."""
    wrong = [RowError(line=line, **one) for one in unknown(row, known)]
    if row.external_id in before:
        wrong.append(
            RowError(
                line=line,
                field="external_id",
                value=row.external_id,
                problem="the signal is in this import twice",
                remedy="give each row an id of its own",
            )
        )
    return wrong
