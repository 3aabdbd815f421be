"""The file of calendars: working minutes by weekday, and on single days."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow

from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import read_sheet
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK, WorkingCalendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_A_DAY = 1440


def read_calendars(path: Path | None, findings: Findings) -> dict[str, WorkingCalendar]:
    """Calendars by code; a weekday without a row is closed. The code "" works round the clock."""
    found = {"": ROUND_THE_CLOCK}
    sheet = path and read_sheet(path, findings, texts=("calendar", "day"), numbers=("minutes",))
    if not sheet:
        return found
    codes = sheet.texts("calendar").to_pylist()
    days = [text.lower() for text in sheet.texts("day").to_pylist()]
    minutes = sheet.numbers("minutes")
    sheet.refuse(
        (minutes < 0) | (minutes > MINUTES_A_DAY) | (minutes != np.floor(minutes)),
        "minutes",
        f"write whole minutes from 0 to {MINUTES_A_DAY:,}.",
    )
    keys: dict[tuple[str, str], int] = {}
    sheet.once(
        np.array([keys.setdefault(key, len(keys)) for key in zip(codes, days, strict=True)]), "day"
    )
    week: dict[str, list[int]] = {code: [0] * 7 for code in dict.fromkeys(codes)}
    single: dict[str, dict[date, int]] = {code: {} for code in week}
    for row, (code, day, open_) in enumerate(zip(codes, days, minutes, strict=True)):
        length = min(max(int(open_), 0), MINUTES_A_DAY)
        if day in WEEKDAYS:
            week[code][WEEKDAYS.index(day)] = length
            continue
        try:
            single[code][date.fromisoformat(day)] = length
        except ValueError:
            sheet.refuse([row], "day", "write a weekday such as monday, or a date as 2026-12-24.")
    first = {code: row for row, code in reversed(list(enumerate(codes)))}
    for code, hours in week.items():
        if any(hours):
            found[code] = WorkingCalendar(code, tuple(hours), single[code])  # type: ignore[arg-type]
        else:
            findings.rows(
                sheet.path,
                [first[code]],
                lambda row: (
                    sheet.line(row),
                    "calendar",
                    codes[row],
                    "no weekday has working minutes; give one some.",
                ),
            )
            found[code] = ROUND_THE_CLOCK
    return found


def calendar_column(
    sheet: Sheet | None, calendars: Mapping[str, WorkingCalendar], rows: int
) -> list[WorkingCalendar]:
    """The calendar that each row of a sheet names; an empty one works round the clock."""
    if sheet is None or "calendar" not in sheet:
        return [ROUND_THE_CLOCK] * rows
    codes = sheet.texts("calendar", empty=True)
    coded = codes.dictionary_encode()
    known = [calendars.get(code, ROUND_THE_CLOCK) for code in coded.dictionary.to_pylist()]
    unknown = pyarrow.array([code not in calendars for code in coded.dictionary.to_pylist()])
    if len(unknown):
        mask = unknown.take(coded.indices).to_numpy(zero_copy_only=False).astype(bool)
        sheet.refuse(mask, "calendar", "calendars has no such calendar; add it there.")
    return [known[code] for code in coded.indices.to_pylist()]
