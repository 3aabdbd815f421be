"""A stage history as a table: its rows read as deals, and what is wrong with it named.

A row is a stage that a deal entered: deal_id, opened_at, entered_at, stage, outcome, closed_at, and
actor and amount where they are known. Any other column is an attribute of the deal.
"""

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite

from takt.forecast.domain.win_history import DealPath, Entry, Outcome

NEEDED = ("deal_id", "opened_at", "entered_at", "stage", "outcome", "closed_at")
ACTOR, AMOUNT = "actor", "amount"
OUTCOMES: Mapping[str, Outcome] = {"won": "won", "lost": "lost", "open": "open"}
SECONDS_PER_DAY = 86_400.0
NO_VALUE = frozenset({"", "nan", "null", "none", "na", "n/a"})

Row = Mapping[str, str]


class HistoryProblem(ValueError):
    """A history cannot be used: the field, its value, what is wrong, and what to do about it."""

    def __init__(self, field: str, value: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field} = {value!r}: {problem}" if value else f"{field}: {problem}")
        self.field, self.value, self.problem, self.remedy = field, value, problem, remedy


def attribute_columns(columns: Sequence[str]) -> list[str]:
    """The columns that are attributes of deals.

    Raises: HistoryProblem: one that is needed is not there, or one is there twice.
    """
    for column in columns:
        if columns.count(column) > 1:
            raise HistoryProblem("column", column, "it is there twice.", "Keep one of them.")
    unknown = [column for column in columns if column not in (*NEEDED, ACTOR, AMOUNT, "")]
    for needed in NEEDED:
        if needed not in columns:
            meant = difflib.get_close_matches(needed, unknown, 1, 0.5)
            raise HistoryProblem(
                "column",
                needed,
                f"the history has no such column; it has {', '.join(columns) or 'none'}.",
                f"Name {meant[0]} {needed}." if meant else f"Add {needed}.",
            )
    return ([AMOUNT] if AMOUNT in columns else []) + unknown


def moment(text: str, field: str) -> float:
    """A time as days since 1970, UTC where it names no zone. Raises HistoryProblem: it is none."""
    try:
        read = datetime.fromisoformat(text.strip())
        if read.tzinfo is None:
            read = read.replace(tzinfo=UTC)
        return read.timestamp() / SECONDS_PER_DAY
    except (ValueError, OverflowError):
        raise HistoryProblem(
            field, text, "that is no time.", "Write it as 2011-12-01 or 2011-12-01T09:30:00Z."
        ) from None


def read_paths(rows: Sequence[Row], columns: Sequence[str]) -> list[DealPath]:
    """The deals of a history, in the order of their opening.

    Args:
        rows: by column, as text; "" is nothing.
        columns: of the table.

    Raises: HistoryProblem: something is missing or contradicts itself; it names the line, from 2.
    """
    attributes = attribute_columns(columns)
    if not rows:
        raise HistoryProblem("history", "", "it has no rows.", "Give one row per stage entered.")
    numeric = {name for name in attributes if _is_numeric(name, rows)}
    heads: dict[str, tuple[float, float | None, Outcome]] = {}
    entries: dict[str, dict[Entry, None]] = {}
    carried: dict[str, dict[str, float | str]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            identity, head, entry = _row(row)
            known = heads.setdefault(identity, head)
            _same(identity, known, head, row)
        except HistoryProblem as error:
            raise HistoryProblem(
                error.field, error.value, f"line {line}: {error.problem}", error.remedy
            ) from None
        entries.setdefault(identity, {})[entry] = None
        carried.setdefault(identity, {}).update(_attributes(row, attributes, numeric))
    paths = [
        DealPath(
            identity,
            opened,
            tuple(sorted(entries[identity], key=lambda entry: entry.at)),
            outcome,
            closed,
            carried[identity],
        )
        for identity, (opened, closed, outcome) in heads.items()
    ]
    return sorted(paths, key=lambda path: (path.opened_at, path.deal_id))


def _row(row: Row) -> tuple[str, tuple[float, float | None, Outcome], Entry]:
    for field in ("deal_id", "stage"):
        if not row[field].strip():
            raise HistoryProblem(field, "", "it is empty.", "Every row names its deal and stage.")
    opened = moment(row["opened_at"], "opened_at")
    entered = moment(row["entered_at"], "entered_at")
    outcome = OUTCOMES.get(row["outcome"].strip().lower())
    if outcome is None:
        raise HistoryProblem("outcome", row["outcome"], "it is unknown.", "Say won, lost or open.")
    closed_at = row["closed_at"].strip()
    if outcome == "open":
        if closed_at:
            raise HistoryProblem(
                "closed_at", closed_at, "the deal is open.", "Say how it ended, or leave it empty."
            )
        return row["deal_id"].strip(), (opened, None, outcome), _entry(row, entered)
    if not closed_at:
        raise HistoryProblem(
            "closed_at", "", f"the deal is {outcome}, and not said when.", "Add when it closed."
        )
    closed = moment(closed_at, "closed_at")
    if closed < opened:
        raise HistoryProblem(
            "closed_at",
            closed_at,
            f"the outcome is before the opening, {row['opened_at']}.",
            "Put the times of this deal right, or leave the deal out.",
        )
    return row["deal_id"].strip(), (opened, closed, outcome), _entry(row, entered)


def _entry(row: Row, entered: float) -> Entry:
    return Entry(row["stage"].strip(), entered, row.get(ACTOR, "").strip())


def _same(
    identity: str,
    known: tuple[float, float | None, Outcome],
    head: tuple[float, float | None, Outcome],
    row: Row,
) -> None:
    fields = ("opened_at", "closed_at", "outcome")
    for field, before, now in zip(fields, known, head, strict=True):
        if before != now:
            raise HistoryProblem(
                field,
                row[field],
                f"an earlier row of deal {identity} says otherwise.",
                "All rows of a deal say the same of its opening and its end.",
            )


def _is_numeric(name: str, rows: Sequence[Row]) -> bool:
    """Whether what is there are numbers. Raises HistoryProblem: an amount that is none."""
    found = False
    for line, row in enumerate(rows, start=2):
        text = row[name].strip()
        if text.lower() in NO_VALUE:
            continue
        if _number(text) is None:
            if name == AMOUNT:
                raise HistoryProblem(
                    AMOUNT, text, f"line {line}: that is no number.", "Write it as 20000 or 199.5."
                )
            return False
        found = True
    return found


def _attributes(row: Row, attributes: Sequence[str], numeric: set[str]) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for name in attributes:
        text = row[name].strip()
        if text.lower() in NO_VALUE:
            continue
        number = _number(text) if name in numeric else None
        found[name] = text if number is None else number
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None
