"""`takt evaluate drivers`: what prices, promotions and other drivers add to a forecast."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.driver_table import (
    USED_WRONGLY,
    Columns,
    Table,
    own_and_rivals,
    read_table,
)
from takt.standalone.commands.output import (
    CommandError,
    Format,
    Output,
    put,
    put_json,
    put_table,
    say,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from takt.forecast.domain.driver_models import Evaluation
    from takt.forecast.domain.drivers import Panel
    from takt.forecast.domain.elasticities import Effects

    Floats = npt.NDArray[np.float64]

PRICE, RIVALS = "price", "rival_price"
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


@dataclass(frozen=True, slots=True)
class Read:
    """A file as a panel, with the names that its numbers stand for."""

    path: Path
    panel: "Panel"
    until: int
    """Periods before the test part."""
    groups: list[str]
    first_test: object
    rows: int
    notes: list[str]


def read_panel(table: Table, columns: Columns, season: int, test_share: float) -> Read:
    """The panel of a table. Raises CommandError: with file, line, field, value and remedy."""
    import numpy as np

    from takt.forecast.domain.drivers import Panel, to_logs

    for name in columns.series:
        table.need(name, "--series")
    table.need(columns.time, "--time")
    table.need(columns.target, "--target")
    names = ["|".join(parts) for parts in zip(*map(table.texts, columns.series), strict=True)]
    period = table.periods(columns.time, names)
    labels, series = np.unique(names, return_inverse=True)
    shape = (len(labels), int(period.max()) + 1)
    until = shape[1] - max(round(shape[1] * test_share), 1)
    if until < 2 or not (period < until).any():
        raise CommandError(
            f"{table.path}: {shape[1]} periods leave none before the test part.",
            "Give more periods, or a smaller --test-share.",
            USED_WRONGLY,
        )

    def grid(values: "Floats") -> "Floats":
        laid = np.full(shape, np.nan)
        laid[series, period] = values
        return laid

    notes: list[str] = []
    demand = grid(_demand(table, columns))
    by_name, prices = _drivers(table, columns, period >= until, notes)
    group_names, groups = _labels(table, columns.group, "--group", series, shape[0])
    _, markets = _labels(table, columns.market, "--market", series, shape[0])
    logs, offset = (
        (demand, np.zeros((shape[0], 1))) if columns.log_target else to_logs(demand, until)
    )
    panel = Panel(
        logs,
        offset,
        {name: grid(values) for name, values in by_name.items()},
        groups,
        markets,
        frozenset(prices),
        {PRICE: RIVALS} if RIVALS in by_name else {},
        season,
    )
    times = table.values[columns.time]
    first = int(np.flatnonzero(period == period[period >= until].min())[0])
    return Read(table.path, panel, until, group_names, times[first], len(names), notes)


def _demand(table: Table, columns: Columns) -> "Floats":
    import numpy as np

    demand = table.numbers(columns.target)
    for wrong, what, remedy in (
        (np.isnan(demand), "demand is missing", "Leave the row out, or write the demand."),
        (
            (demand < 0) & (not columns.log_target),
            "demand is never negative",
            "Leave returns out; for logarithms say --log-target.",
        ),
        (
            (np.abs(demand) > 500) & columns.log_target,
            "no logarithm of demand is so large",
            "Leave --log-target out if these are units.",
        ),
    ):
        if wrong.any():
            raise table.problem(int(np.flatnonzero(wrong)[0]), columns.target, what, remedy)
    return demand


def _drivers(
    table: Table, columns: Columns, tested: "npt.NDArray[np.bool_]", notes: list[str]
) -> tuple[dict[str, "Floats"], set[str]]:
    """Drivers by name, prices as logs, and which are prices."""
    import numpy as np

    by_name, taken = _prices(table, columns, tested)
    prices = set(by_name)
    used = {*columns.series, columns.time, columns.target, columns.group, columns.market}
    for name in columns.without:
        table.need(name, "--without")
    others = columns.drivers or tuple(
        name for name in table.header if name not in used | columns.without
    )
    for name in others:
        if name in taken:
            continue
        table.need(name, "--driver")
        values = table.numbers(name)
        if (np.nanmax(values, initial=-np.inf)) == np.nanmin(values, initial=np.inf):
            if columns.drivers is not None:
                raise table.problem(
                    0, name, "this driver never changes", f"Leave {name} out: it says nothing."
                )
            notes.append(f"{name} never changes, and was left out")
            continue
        _check_known(table, name, values, tested)
        by_name[name] = values
    return by_name, prices


def _prices(
    table: Table, columns: Columns, tested: "npt.NDArray[np.bool_]"
) -> tuple[dict[str, "Floats"], set[str]]:
    """Logs of the own price and of the mean of the rivals', and the columns that hold them."""
    import numpy as np

    pattern = columns.price or (PRICE if PRICE in table.values else None)
    if pattern is None:
        return {}, set()
    if "{" not in pattern:
        table.need(pattern, "--price")
        return {PRICE: _price(table, pattern, tested)}, {pattern}
    owners = list(own_and_rivals(table, pattern))
    logs = {name: _price(table, name, tested) for name, _, _ in owners}
    own, rivals = np.full(len(table.lines), np.nan), np.full(len(table.lines), np.nan)
    for name, others, rows in owners:
        own[rows] = logs[name][rows]
        if others:
            rivals[rows] = np.mean([logs[other][rows] for other in others], axis=0)
    return {PRICE: own} | ({RIVALS: rivals} if len(owners) > 1 else {}), set(logs)


def _price(table: Table, name: str, tested: "npt.NDArray[np.bool_]") -> "Floats":
    import numpy as np

    values = table.numbers(name)
    if (values <= 0).any():
        row = int(np.flatnonzero(values <= 0)[0])
        raise table.problem(row, name, "a price is above zero", "Correct it, or leave it empty.")
    _check_known(table, name, values, tested)
    return np.log(values)


def _check_known(
    table: Table, name: str, values: "Floats", tested: "npt.NDArray[np.bool_]"
) -> None:
    import numpy as np

    missing = np.isnan(values) & tested
    if missing.any():
        raise table.problem(
            int(np.flatnonzero(missing)[0]),
            name,
            "this driver is not known for a period that is to be forecast",
            f"Give its planned value, or leave it out with --without {name}.",
        )


def _labels(
    table: Table,
    column: str | None,
    option: str,
    series: "npt.NDArray[np.intp]",
    count: int,
) -> tuple[list[str], "npt.NDArray[np.int64]"]:
    """Names, and which of them each series has: the one on its first row."""
    import numpy as np

    if column is None:
        return ["all"], np.zeros(count, dtype=np.int64)
    table.need(column, option)
    names, places = np.unique(table.texts(column), return_inverse=True)
    _, first = np.unique(series, return_index=True)
    moved = np.flatnonzero(places != places[first][series])
    if len(moved):
        raise table.problem(
            int(moved[0]), column, "the series had another one before", "Give each series one."
        )
    return [str(name) for name in names], places[first].astype(np.int64)


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
                "wape_by_ahead": [round(wape, 4) for wape in found.by_ahead[name]],
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
