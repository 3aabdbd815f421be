"""`takt evaluate drivers`: what prices, promotions and other drivers add to a forecast."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.driver_table import PRICE, RIVALS, Columns, Read, read_panel
from takt.standalone.commands.output import (
    USED_WRONGLY,
    CommandError,
    Format,
    Output,
    put,
    put_json,
    put_table,
    say,
)
from takt.standalone.table_files import read_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from takt.forecast.domain.driver_models import Evaluation
    from takt.forecast.domain.drivers import Panel
    from takt.forecast.domain.elasticities import Effects

    Floats = npt.NDArray[np.float64]

CUT = 0.1
"""The price cut whose effect is shown beside an elasticity."""


def drivers(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A row per series and period: CSV or Parquet.")
    ],
    series: Annotated[
        list[str] | None,
        typer.Option("--series", metavar="COLUMN", help="May be repeated; unique_id otherwise."),
    ] = None,
    time: Annotated[str, typer.Option(metavar="COLUMN", help="Dates or whole numbers.")] = "ds",
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Demand.")] = "y",
    log_target: Annotated[
        bool, typer.Option("--log-target", help="The target is the logarithm of demand.")
    ] = False,
    driver: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="May be repeated; every other column otherwise."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="No driver, as it is not known beforehand; repeats."),
    ] = None,
    price: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The own price; price{brand} takes it from a column by brand, and the other such"
            " columns are its rivals'. Otherwise price, where there is such a column.",
        ),
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Whose series share their elasticities.")
    ] = None,
    market: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Whose series are sold in one place.")
    ] = None,
    horizon: Annotated[int, typer.Option(min=1, max=52, help="Periods ahead, 1 to this.")] = 1,
    season_length: Annotated[
        int, typer.Option("--season-length", min=1, help="Periods of a season; 1 for none.")
    ] = 1,
    test_share: Annotated[
        float,
        typer.Option("--test-share", min=0.01, max=0.9, help="Of the periods: the last, scored."),
    ] = 0.2,
    output: Output = Format.text,
) -> None:
    """Fit on the first periods, forecast the last ones with and without drivers, and score both.

    Every forecast of the last periods is made from what was known 1 to HORIZON periods before; the
    drivers of its period are taken as planned. WAPE is in units. Elasticities and the effects of
    other drivers are within series, with clustered standard errors, from all periods.
    """
    columns = Columns(
        tuple(series or ["unique_id"]),
        time,
        target,
        log_target,
        tuple(driver) if driver else None,
        frozenset(without or ()),
        price,
        group,
        market,
    )
    read = read_panel(read_table(file), columns, season_length, test_share)
    found = evaluated(read, horizon)
    result = described(read, found, horizon)
    if output is Format.json:
        put_json(result)
    else:
        report(result)


def evaluated(read: Read, horizon: int) -> "Evaluation":
    """Fit and score. Raises CommandError: too few rows for it."""
    from takt.forecast.domain.driver_models import TooLittleKnown, evaluate

    say(f"{read.rows:,} rows of {len(read.panel.groups):,} series: fitting twice, then scoring")
    try:
        return evaluate(read.panel, read.until, horizon)
    except TooLittleKnown as error:
        raise CommandError(
            f"{read.path}: {error}.", "Give more rows, or another --test-share.", USED_WRONGLY
        ) from error


def described(read: Read, found: "Evaluation", horizon: int) -> dict[str, Any]:
    """All that was measured, in the names of the JSON output."""
    periods = read.panel.log_demand.shape[1]
    return {
        "file": str(read.path),
        "rows": read.rows,
        "series": len(read.panel.groups),
        "periods": periods,
        "test_periods": periods - read.until,
        "first_test": str(read.first_test),
        "horizon": horizon,
        "rows_scored": found.rows,
        "methods": {
            name: {
                "wape": round(accuracy.wape, 4),
                "bias": round(accuracy.bias, 4),
                "wape_by_ahead": [
                    None if wape is None else round(wape, 4) for wape in found.by_ahead[name]
                ],
            }
            for name, accuracy in found.methods.items()
        },
        "gain": dict(zip(("wape", "low", "high"), (round(g, 4) for g in found.gain), strict=True)),
        "importances": [
            {"driver": i.driver, "rise": round(i.rise, 4), "spread": round(i.spread, 4)}
            for i in found.importances
        ],
        "elasticities": effects_by_group(read),
        "notes": [*read.notes, *standing_notes(read)],
    }


def effects_by_group(read: Read) -> list[dict[str, Any]]:
    """Effects of the drivers in each group; where rivals' prices are known, with and without."""
    from takt.forecast.domain.drivers import linear_effects

    periods = read.panel.log_demand.shape[1]
    plain = linear_effects(_but(read.panel, RIVALS), periods)
    given = linear_effects(read.panel, periods) if RIVALS in read.panel.drivers else {}
    rows = []
    for place, name in enumerate(read.groups):
        if place in plain:
            rows += _effect_rows(name, plain[place], given_rivals=False)
        if place in given:
            rows += _effect_rows(name, given[place], given_rivals=True)
    return rows


def _but(panel: "Panel", name: str) -> "Panel":
    from dataclasses import replace

    return replace(panel, drivers={n: v for n, v in panel.drivers.items() if n != name}, rivals={})


def _effect_rows(group: str, found: "Effects", *, given_rivals: bool) -> list[dict[str, Any]]:
    import math

    low, high = found.interval()
    rows = []
    for place, name in enumerate(found.names):
        priced = name in (PRICE, RIVALS)
        factor = found.of_change({name: math.log(1 - CUT) if priced else 1.0})
        rows.append(
            {
                "group": group,
                "driver": name,
                "given_rivals": given_rivals,
                "elasticity": priced,
                "coefficient": round(float(found.coefficients[place]), 4),
                "standard_error": round(float(found.errors[place]), 4),
                "low": round(float(low[place]), 4),
                "high": round(float(high[place]), 4),
                "change": "-10 %" if priced else "+1",
                "factor": round(factor.factor, 4),
                "factor_low": round(factor.low, 4),
                "factor_high": round(factor.high, 4),
                "rows": found.rows,
                "clusters": found.freedom + 1,
            }
        )
    return rows


def standing_notes(read: Read) -> list[str]:
    """What a reader of the numbers should know."""
    notes = [
        "with_drivers is a median, which keeps WAPE low; with_drivers_mean is a mean, less biased",
        "effects are what went together within series, not proof of a cause: prices may have been"
        " set because demand was expected to change",
    ]
    if not read.panel.drivers:
        notes.append("the file has no driver: only the forecasts without one are measured")
    return notes


def report(result: dict[str, Any]) -> None:
    """The same as tables."""
    put(
        f"{result['rows_scored']:,} forecasts of the last {result['test_periods']} of"
        f" {result['periods']} periods, from {result['first_test']} on"
    )
    rows = [{"method": name, **of} for name, of in result["methods"].items()]
    put_table(rows, ("method", "wape", "bias"))
    gain = result["gain"]
    put(f"drivers change WAPE by {gain['wape']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f})")
    if result["importances"]:
        put("")
        put_table(result["importances"], ("driver", "rise", "spread"))
    if result["elasticities"]:
        put("")
        shown = ("group", "driver", "given_rivals", "coefficient", "standard_error", "low", "high")
        put_table(result["elasticities"], (*shown, "change", "factor"))
    for note in result["notes"]:
        say(note)
