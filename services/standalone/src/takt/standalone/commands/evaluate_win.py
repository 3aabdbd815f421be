"""`takt evaluate win`: win probabilities of later deals, against what became of them."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.output import (
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
    from takt.forecast.domain.win_evaluation import Evaluation
    from takt.forecast.domain.win_leaks import Leak


def win(
    history: Annotated[
        Path,
        typer.Argument(
            metavar="HISTORY",
            help="A row per stage entered: CSV, gzipped CSV or Parquet with deal_id, opened_at,"
            " entered_at, stage, outcome, closed_at, and actor, amount or other attributes.",
        ),
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="TIME", help="Train on what was known then.")
    ],
    outcomes_as_of: Annotated[
        str | None,
        typer.Option(
            "--outcomes-as-of",
            metavar="TIME",
            help="Score by what became of deals until then; the history's last time otherwise.",
        ),
    ] = None,
    output: Output = Format.text,
) -> None:
    """Train on what was known at TIME, and score the deals opened later at each stage entered.

    Deals that have not closed are left out and counted.
    """
    from takt.forecast.domain.win_evaluation import evaluate
    from takt.forecast.domain.win_table import HistoryProblem, moment, read_paths

    rows, columns = read_rows(history)
    try:
        moments = [moment(as_of, "as-of")]
        paths = read_paths(rows, columns)
        last = max(max([e.at for e in p.entries] + [p.closed_at or p.opened_at]) for p in paths)
        moments.append(last if outcomes_as_of is None else moment(outcomes_as_of, "outcomes-as-of"))
        if moments[1] <= moments[0]:
            raise HistoryProblem(
                "outcomes-as-of" if outcomes_as_of else "as-of",
                outcomes_as_of or as_of,
                "no outcome after --as-of is known by then.",
                "Name a later time for the outcomes, or an earlier one for the training.",
            )
        say(f"{len(paths):,} deals with {len(rows):,} stages entered")
        found = evaluate(paths, *moments)
    except HistoryProblem as error:
        value = error.value or (as_of if error.field == "as-of" else "")
        shown = f"{error.field} = {value!r}" if value else error.field
        raise CommandError(f"{history.name}: {shown}: {error.problem}", error.remedy, 2) from error
    if others := sorted(set(found.attributes) - {"amount"}):
        say(f"attributes of the deals: {', '.join(others)}")
    for leak in found.leaks:
        say(f"warning: {leak.attribute} {told(leak)}; it is left out.")
    if output is Format.json:
        put_json(document(found, *moments))
    else:
        report(found)


def read_rows(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    """The rows of a table as text, and its columns. Raises CommandError: it cannot be read."""
    table = read_table(path)
    cells = zip(*(map(text, table.values[name]) for name in table.header), strict=True)
    return [dict(zip(table.header, row, strict=True)) for row in cells], list(table.header)


def text(value: object) -> str:
    """A cell as CSV would have it."""
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def told(leak: "Leak") -> str:
    """Why an attribute leaks, for a person."""
    match leak.reason:
        case "only_closed":
            return (
                f"is carried by {leak.share:.0%} of closed deals and {leak.other:.0%} of open ones"
            )
        case "presence":
            return f"is carried by {leak.share:.0%} of won deals and {leak.other:.0%} of lost ones"
        case "zero":
            return (
                f"is other than zero in {leak.share:.0%} of won deals"
                f" and {leak.other:.0%} of lost ones"
            )
        case "separates":
            return f"alone tells won from lost deals ({leak.share:.1%})"


def document(found: "Evaluation", as_of: float, until: float) -> dict[str, Any]:
    """The evaluation for programs."""
    return {
        "as_of": instant(as_of),
        "outcomes_as_of": instant(until),
        "trained": {
            "deals": found.trained_deals,
            "closed": found.trained_closed,
            "milestones": found.trained_milestones,
        },
        "deals": found.deals,
        "milestones": found.milestones,
        "unresolved": {"deals": found.unresolved_deals, "milestones": found.unresolved_milestones},
        **asdict(found.forecast),
        "reliability": [asdict(each) for each in found.bins],
        "base_rate": asdict(found.base_rate),
        "stage_rate": asdict(found.stage_rate),
        "won_at_all": asdict(found.ever),
        "difference_to_stage_rate": asdict(found.difference),
        "difference_to_base_rate": asdict(found.difference_to_base),
        "calibration": {
            "slope": None if found.slope is None else asdict(found.slope),
            "ece_if_right": asdict(found.calibrated),
            "ece_inside": found.forecast.ece <= found.calibrated.high,
        },
        "validation": asdict(found.model.validation),
        "attributes": found.attributes,
        "leaks": [asdict(leak) for leak in found.leaks],
    }


def instant(days: float) -> str:
    """A time in days as it is written elsewhere."""
    return datetime.fromtimestamp(days * 86_400, UTC).isoformat().replace("+00:00", "Z")


def report(found: "Evaluation") -> None:
    """The evaluation for people."""
    put(
        f"{found.deals:,} deals scored at {found.milestones:,} stages entered; left out, still "
        f"open: {found.unresolved_deals:,} deals, {found.unresolved_milestones:,} stages"
    )
    shown = (("forecast", found.forecast), ("stage rate", found.stage_rate))
    put_table(
        [
            {
                "of": name,
                "brier": f"{each.brier:.4f}",
                "ece": f"{each.ece:.4f}",
                "auc": None if each.auc is None else f"{each.auc:.3f}",
                "log_loss": f"{each.log_loss:.4f}",
            }
            for name, each in (*shown, ("base rate", found.base_rate), ("won at all", found.ever))
        ],
        ("of", "brier", "ece", "auc", "log_loss"),
    )
    put(
        f"Brier score less the stage rate's: {found.difference.value:+.4f}, 95 % "
        f"{found.difference.low:+.4f} to {found.difference.high:+.4f}"
    )
    if found.slope is not None:
        put(
            f"Calibration slope {found.slope.value:.2f}, 95 % {found.slope.low:.2f} to "
            f"{found.slope.high:.2f}; a right forecast's ECE is {found.calibrated.low:.4f} to "
            f"{found.calibrated.high:.4f}"
        )
    put_table(
        [
            {
                "forecast": f"{each.low:.1f}-{each.high:.1f}",
                "stages": f"{each.milestones:,}",
                "mean": f"{each.forecast:.3f}",
                "won": f"{each.won:.3f}",
            }
            for each in found.bins
        ],
        ("forecast", "stages", "mean", "won"),
    )
