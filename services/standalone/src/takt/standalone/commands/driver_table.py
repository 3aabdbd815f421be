"""A table of demand with drivers as the panel that is fitted: which columns mean what."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from takt.standalone.commands.output import USED_WRONGLY, CommandError
from takt.standalone.table_files import SOME, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from takt.forecast.domain.drivers import Panel

    Floats = npt.NDArray[np.float64]

PRICE, RIVALS = "price", "rival_price"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns mean what."""

    series: tuple[str, ...]
    time: str
    target: str
    log_target: bool
    drivers: tuple[str, ...] | None
    """None: every other column that holds numbers."""
    without: frozenset[str]
    price: str | None
    """A column, or a pattern such as price{brand} that names the own one by another column."""
    group: str | None
    market: str | None


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


def own_and_rivals(table: Table, pattern: str) -> Iterator[tuple[str, list[str], list[int]]]:
    """The own price column that a pattern such as price{brand} names, its rivals, and its rows.

    Raises: CommandError: the pattern names a column that is not there.
    """
    before, _, rest = pattern.partition("{")
    by, _, after = rest.partition("}")
    table.need(by, "--price")
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(table.texts(by)):
        rows.setdefault(before + key + after, []).append(row)
    for own, places in rows.items():
        if own not in table.values:
            raise table.problem(
                places[0],
                by,
                f"--price {pattern} makes it the column {own}, which is not there",
                f"There are {', '.join(table.header[:SOME])}.",
            )
        yield own, [name for name in rows if name != own], places
