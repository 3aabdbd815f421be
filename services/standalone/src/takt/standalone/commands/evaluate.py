"""`takt evaluate`: how good forecasts are on series of your own, whose end is held back."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.evaluate_drivers import drivers
from takt.standalone.commands.evaluate_win import win
from takt.standalone.commands.output import (
    CommandError,
    Format,
    Output,
    put,
    put_json,
    put_table,
    say,
)
from takt.standalone.commands.progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from takt.standalone.frequencies import Frequency
    from takt.standalone.series_files import SeriesFile
    from takt.standalone.series_grid import Observed

    Floats = npt.NDArray[np.float64]

evaluate = typer.Typer(
    name="evaluate",
    help="Measure forecasts on a history whose end is held back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
evaluate.command()(win)
evaluate.command()(drivers)

FILE_HELP = "Columns unique_id, ds, y; ds dates or integer steps. .csv, .csv.gz or .parquet."
FreqOption = Annotated[
    str | None,
    typer.Option(
        metavar="F",
        help="How often series are observed: Y, Q, M, W, D, B, H, or steps. [what ds shows]",
    ),
]


@evaluate.callback()
def what() -> None:
    """Measure forecasts on a history whose end is held back."""


@evaluate.command()
def forecast(
    train: Annotated[Path, typer.Argument(metavar="TRAIN", help=FILE_HELP)],
    test: Annotated[Path, typer.Option("--test", metavar="TEST", help="What came: the same form.")],
    season_length: Annotated[int, typer.Option(min=1, max=10_000, help="Periods in a season.")],
    horizon: Annotated[int, typer.Option(min=1, max=10_000, help="Periods ahead.")],
    freq: FreqOption = None,
    output: Output = Format.text,
) -> None:
    """Forecast each series of TRAIN and score it on TEST, beside Naive2.

    Measures as in the M4 competition: OWA against Naive2, sMAPE in percent, MASE and MSIS scaled by
    the seasonal naive's error in TRAIN; coverage of 80 and 95 % intervals; CPU time.

    A period of TRAIN without a row is filled with the mean of the same season one season before and
    after, where known, otherwise on the straight line between its neighbours; that is told. One of
    TEST without a row is not scored.
    """
    one_thread()
    from takt.standalone import evaluation
    from takt.standalone.series_files import read
    from takt.standalone.series_grid import frequency_of, laid_out

    progress = Progress()
    try:
        known, came = read(train, progress), read(test, progress)
        frequency = frequency_of([known, came], freq)
        notes: list[str] = []
        series = laid_out(known, frequency, freq is not None, season_length, notes)
        actual = outcomes(series, came, frequency, horizon, notes)
        histories = [each.y for each in series.values()]
        if negative := sum(bool((y < 0).any()) for y in histories):
            notes.append(
                f"{negative:,} series with negative values: the fast path lifts them above zero, "
                "and lets its forecasts down again."
            )
        methods = evaluation.scores(histories, actual, season_length, progress)
    finally:
        progress.end()
    found: dict[str, Any] = {
        "methods": methods,
        "series": len(series),
        "season_length": season_length,
        "horizon": horizon,
        "period": frequency.period,
        "notes": notes,
    }
    show(found, output, f"{len(series):,} series, {horizon} {frequency.period}s ahead")


@evaluate.command()
def intermittent(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=FILE_HELP)],
    horizon: Annotated[int, typer.Option(min=1, max=10_000, help="Last periods, held back.")],
    lead_time: Annotated[
        int, typer.Option(min=0, max=1_000, help="Periods from an order to its goods.")
    ] = 2,
    shortage_cost: Annotated[
        float,
        typer.Option(min=0.01, max=999, help="Of a unit owed for a period, where holding costs 1."),
    ] = 9.0,
    freq: FreqOption = None,
    output: Output = Format.text,
) -> None:
    """Forecast rare demand without each series' last periods, and judge by what came.

    By the error of the sum over the horizon, relative to all demand, and by the cost of a stock
    that is ordered up to what a method calls for; never by the error of single periods, in which a
    forecast of nothing wins. A period without a row is taken as one without demand.
    """
    one_thread()
    import numpy as np

    from takt.forecast.domain.stock_cost import Policy
    from takt.standalone import evaluation
    from takt.standalone.series_files import read
    from takt.standalone.series_grid import frequency_of, laid_out

    progress = Progress()
    try:
        read_in = read(file, progress)
        frequency = frequency_of([read_in], freq)
        notes: list[str] = []
        series = laid_out(read_in, frequency, freq is not None, None, notes)
        kept = [np.maximum(each.y, 0.0) for each in series.values() if len(each.y) > horizon]
        if short := len(series) - len(kept):
            notes.append(f"{short:,} series no longer than the horizon were left out.")
        if not kept:
            raise CommandError(
                f"No series of {file} is longer than {horizon} {frequency.period}s.",
                "Name a shorter --horizon.",
            )
        if negative := sum(bool((each.y < 0).any()) for each in series.values()):
            notes.append(f"{negative:,} series had negative demand, which was taken as none.")
        progress("forecasting", 0, len(kept))
        found = evaluation.intermittent_scores(
            [y[:-horizon] for y in kept],
            np.stack([y[-horizon:] for y in kept]),
            Policy(lead_time, 1.0, shortage_cost),
        )
        progress("forecasting", len(kept), len(kept))
    finally:
        progress.end()
    found |= {
        "series": len(kept),
        "horizon": horizon,
        "lead_time": lead_time,
        "shortage_cost": shortage_cost,
        "period": frequency.period,
        "notes": notes,
    }
    classes = ", ".join(f"{number:,} {name}" for name, number in found["classes"].items())
    show(found, output, f"{len(kept):,} series ({classes}), {horizon} {frequency.period}s ahead")


def one_thread() -> None:
    """Keep numpy to one thread: two on a busy machine take far longer, and CPU time is measured."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


def outcomes(
    series: Mapping[str, "Observed"],
    came: "SeriesFile",
    frequency: "Frequency",
    horizon: int,
    notes: list[str],
) -> "Floats":
    """What came after each series, shape (series, horizon), NaN where there is no row.

    Raises CommandError: a row lies in the series' own history, or none is within the horizon.
    """
    import numpy as np

    from takt.standalone.series_files import Refusals, shown
    from takt.standalone.series_grid import places_of

    refuse = Refusals(came.path)
    actual = np.full((len(series), horizon), np.nan)
    beyond = 0
    for row, (name, history) in zip(actual, series.items(), strict=True):
        rows = came.series.get(name)
        places = rows and places_of(name, rows, frequency, True, refuse)
        if rows is None or not places:
            continue
        if places[0] <= history.last:
            refuse(
                rows.lines[0],
                "ds",
                shown(rows.moments[0]),
                f"the history of {name} goes as far as this; TEST begins after TRAIN ends.",
            )
        for place, value in zip(places, rows.values, strict=True):
            ahead = place - history.last - 1
            if 0 <= ahead < horizon:
                row[ahead] = value
            else:
                beyond += 1
    refuse.end()
    tell_unscored(actual, series, came, beyond, notes)
    return actual


def tell_unscored(
    actual: "Floats",
    series: Mapping[str, "Observed"],
    came: "SeriesFile",
    beyond: int,
    notes: list[str],
) -> None:
    """Note what of TEST counts nowhere. Raises CommandError: nothing counts."""
    import numpy as np

    without = int(np.isnan(actual).all(axis=1).sum())
    if without == len(series):
        raise CommandError(
            f"No row of {came.path} is within {actual.shape[1]} periods after a series of TRAIN.",
            "Check that unique_id is the same in both, and that TEST follows TRAIN.",
        )
    if without:
        notes.append(f"{without:,} series have no row of TEST within the horizon: not scored.")
    if beyond:
        notes.append(f"{beyond:,} rows of TEST lie beyond the horizon: not scored.")
    if unknown := len(came.series.keys() - series.keys()):
        notes.append(f"{unknown:,} series of TEST are not in TRAIN: not scored.")


def show(found: Mapping[str, Any], output: Format, title: str) -> None:
    """Write what was measured, as JSON or as a table with what is to be known about the data."""
    if output is Format.json:
        put_json(found)
        return
    put(title)
    rows = [
        {"method": name, **{key: figure(value) for key, value in measures.items()}}
        for name, measures in found["methods"].items()
    ]
    put_table(rows, list(rows[0]))
    for note in found["notes"]:
        say(f"takt: {note}")


def figure(value: float | None) -> str | None:
    """A measure in four digits that count."""
    return None if value is None else f"{value:.4g}"
