"""Series on their line of periods: one frequency a file, gaps filled and told.

What a file leaves open is settled here: how often its series are observed, whether one of them
mixes frequencies, and what stands where nothing was observed.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from takt.standalone.commands.output import CommandError
from takt.standalone.frequencies import NAMES, Frequency, Moment, changes, inferred, named
from takt.standalone.series_files import SHOWN, Refusals, Rows, SeriesFile, shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

THINNEST = 0.01
"""Least share of its periods that a series of more than a thousand has rows for."""
CONTINUED = (
    "A period without a row is filled with the mean of the same season one season before and "
    "after, where known, otherwise on the straight line between its neighbours."
)
NOTHING = "A period without a row is taken as one without demand."


@dataclass(frozen=True, slots=True)
class Observed:
    """A series on its line of periods, without gaps; `first` is the place of its first value."""

    first: int
    y: "Floats"

    @property
    def last(self) -> int:
        """The place of the last value."""
        return self.first + len(self.y) - 1


def frequency_of(files: Iterable[SeriesFile], name: str | None) -> Frequency:
    """The frequency that is named, or that of most steps. Raises CommandError: no such name."""
    files = list(files)
    kinds = {type(rows.moments[0]) for file in files for rows in file.series.values()}
    if len(kinds) > 1:
        raise CommandError(
            f"{files[0].path} and {files[1].path} differ: one has dates, the other integer steps.",
            "Write ds in both as dates, or in both as integer steps.",
        )
    if name is None:
        return inferred(_together(files))
    frequency = named(name)
    if frequency is None:
        raise CommandError(
            f"There is no frequency {name!r}.",
            f"--freq takes {', '.join(NAMES)}, their pandas spellings, or a number of steps.",
            2,
        )
    if (int in kinds) is not name.isdecimal():
        raise CommandError(
            f"--freq {name} does not suit {files[0].path}, whose ds are "
            f"{'integer steps' if int in kinds else 'dates'}.",
            "Leave --freq out, or name one that suits.",
            2,
        )
    return frequency


def _together(files: Sequence[SeriesFile]) -> list[list[Moment]]:
    """Each series' moments from all files, in order and once."""
    moments: dict[str, set[Moment]] = {}
    for file in files:
        for name, rows in file.series.items():
            moments.setdefault(name, set()).update(rows.moments)
    return [sorted(each) for each in moments.values()]


def laid_out(
    file: SeriesFile, frequency: Frequency, is_named: bool, season: int | None, notes: list[str]
) -> dict[str, Observed]:
    """Put every series on its line of periods and fill its gaps, telling of them in `notes`.

    Args:
        file: what was read.
        frequency: how moments become places.
        is_named: whether someone named the frequency, so that irregular steps are gaps.
        season: periods in a season, by which gaps are filled (`CONTINUED`); None: with zero.
        notes: gets a sentence on gaps, and one on each of a year or longer.

    Raises CommandError: two rows of a series share a period, or it changes its frequency.
    """
    import numpy as np

    refuse = Refusals(file.path)
    long_gaps: list[str] = []
    filled, with_gaps = 0, 0
    found: dict[str, Observed] = {}
    for name, rows in file.series.items():
        places = places_of(name, rows, frequency, is_named, refuse)
        if places is None or _is_too_thin(name, rows, places, refuse):
            continue
        y = np.full(places[-1] - places[0] + 1, np.nan)
        y[np.array(places) - places[0]] = rows.values
        gaps = len(y) - len(places)
        if gaps:
            filled, with_gaps = filled + gaps, with_gaps + 1
            long_gaps += _long_gaps(name, rows, places, frequency, season)
        found[name] = Observed(places[0], np.nan_to_num(y) if season is None else fill(y, season))
    refuse.end()
    if filled:
        rule = NOTHING if season is None else CONTINUED
        notes.append(f"Periods without a row: {filled:,} in {with_gaps:,} series. {rule}")
        notes += long_gaps[:SHOWN]
    if len(long_gaps) > SHOWN:
        notes.append(f"There are {len(long_gaps) - SHOWN:,} more gaps of a year or longer.")
    return found


def _is_too_thin(name: str, rows: Rows, places: Sequence[int], refuse: Refusals) -> bool:
    """Refuse a series that would be nearly all gap: one of its dates is a slip."""
    periods = places[-1] - places[0] + 1
    if periods <= 1000 or len(places) >= THINNEST * periods:
        return False
    widest = max(range(1, len(places)), key=lambda place: places[place] - places[place - 1])
    refuse(
        rows.lines[widest],
        "ds",
        shown(rows.moments[widest]),
        f"{name} would span {periods:,} periods with {len(places):,} rows; correct its ds.",
    )
    return True


def places_of(
    name: str, rows: Rows, frequency: Frequency, is_named: bool, refuse: Refusals
) -> list[int] | None:
    """The places of a series' rows; None where they are refused.

    Two rows may not share a period. A frequency that nobody named is doubted where a series goes
    over from one regular step to another.
    """
    places: list[int] = []
    for moment, line in zip(rows.moments, rows.lines, strict=True):
        try:
            place = frequency.place(moment)
        except ValueError as error:
            refuse(line, "ds", shown(moment), f"{error}; name another --freq.")
            return None
        if places and place == places[-1]:
            refuse(
                line,
                "ds",
                shown(moment),
                f"{name} has two rows in this {frequency.period}: mixed frequencies. Keep one row "
                "a period, or name the frequency with --freq.",
            )
            return None
        places.append(place)
    changed = None if is_named else changes(rows.moments, frequency)
    if changed is not None:
        refuse(
            rows.lines[changed],
            "ds",
            shown(rows.moments[changed]),
            f"{name} changes its frequency here: mixed frequencies. Make two series of it, or name "
            "--freq if what lies between are gaps.",
        )
        return None
    return places


def _long_gaps(
    name: str, rows: Rows, places: Sequence[int], frequency: Frequency, season: int | None
) -> list[str]:
    """Sentences on gaps of a year; of a season or 12, where steps are integers."""
    year = frequency.in_a_year if math.isfinite(frequency.in_a_year) else season or 12
    return [
        f"{name} has a gap of {after - before - 1:,} {frequency.period}s between "
        f"{shown(rows.moments[place])} and {shown(rows.moments[place + 1])}."
        for place, (before, after) in enumerate(pairwise(places))
        if after - before - 1 >= max(year, 2)
    ]


def fill(y: "Floats", season: int) -> "Floats":
    """Fill what is missing by the rule of `CONTINUED`; the first and last value are known.

    Args:
        y: shape (periods,), NaN where missing.
        season: periods in a season.
    """
    import numpy as np

    missing = np.flatnonzero(np.isnan(y))
    if not missing.size:
        return y
    known = np.flatnonzero(~np.isnan(y))
    filled = y.copy()
    filled[missing] = np.interp(missing, known, y[known])
    if season > 1:
        for place in missing:
            near = [y[p] for p in (place - season, place + season) if 0 <= p < len(y)]
            seen = [value for value in near if not np.isnan(value)]
            if seen:
                filled[place] = sum(seen) / len(seen)
    return filled
