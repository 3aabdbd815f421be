"""`takt forecast`: what is expected, have it fitted anew, and how good it was."""

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption, answer
from takt.standalone.commands.forecast_explain import explain
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
    import httpx

forecast = typer.Typer(
    name="forecast",
    help="What is expected of each product, by which model, and how good that was.",
    invoke_without_command=True,
    rich_markup_mode=None,
)

POLL_SECONDS = 0.5
LINE_PERCENT = 5
"""Off a terminal, progress is a line for so many percent."""
SHOWN_WEEKS = 4


forecast.command()(explain)


@forecast.callback()
def show(
    context: typer.Context,
    product: Annotated[str | None, typer.Option(help="Only this product.")] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit every series anew first, and wait for it.")
    ] = False,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Show forecasts; with --refit after every series was fitted anew by the combination.

    A run that is under way already is joined. Ctrl-C leaves it going.
    """
    if context.invoked_subcommand is not None:
        return
    with Door.find(home, url).client(timeout_seconds=120) as client:
        run = follow(client, begin(client)) if refit else None
        series = pages(client, "/v1/forecasts", {"product": product} if product else {})
        decision = decided(client, run) if run else None
    if product is not None and not series:
        raise CommandError(
            f"There is no forecast of {product}.", "`takt forecast` lists those there are."
        )
    if output is Format.json:
        put_json({"refit": run, "decision": decision, "forecasts": series})
        return
    if run is not None and decision is not None:
        say(f"{decision['champion']} is published: {run['outcome']}, {decision['reason']}.")
    put_table(map(row_of, series), COLUMNS)


COLUMNS = (
    "product",
    "region",
    "unit",
    "next_week",
    "low_80",
    "high_80",
    f"next_{SHOWN_WEEKS}_weeks",
    "model",
    "wape",
    "naive_wape",
    "coverage_80",
)


def row_of(series: dict[str, Any]) -> dict[str, Any]:
    """A forecast as a line of the table: the first week with its interval, and the next ones."""
    from decimal import Decimal

    buckets = series["buckets"]
    model = series.get("model") or {}
    return {
        "product": series["product"],
        "region": series["region"],
        "unit": series["unit"],
        "next_week": units(Decimal(buckets[0]["quantity"])),
        f"next_{SHOWN_WEEKS}_weeks": units(
            sum(Decimal(bucket["quantity"]) for bucket in buckets[:SHOWN_WEEKS])
        ),
        "low_80": units(Decimal(buckets[0]["low80"])),
        "high_80": units(Decimal(buckets[0]["high80"])),
        "model": model.get("model"),
        "wape": share(model.get("wape")),
        "naive_wape": share(model.get("naive_wape")),
        "coverage_80": share(model.get("coverage80")),
    }


def units(quantity: Any) -> str:
    """A quantity with one digit behind the point, its thousands apart."""
    return f"{quantity:,.1f}"


def share(value: float | None) -> str | None:
    """A share of one, to three digits."""
    return None if value is None else f"{value:.3f}"


def begin(client: "httpx.Client") -> str:
    """Ask for a run, or join the one under way; its id."""
    accepted = answer(client.post("/v1/forecasts/refits"))
    if accepted["joined"]:
        say(f"Run {accepted['run']} is under way already; following it.")
    return str(accepted["run"])


def follow(client: "httpx.Client", run: str) -> dict[str, Any]:
    """Tell how far a run is until it has ended. Raises CommandError: it failed."""
    told = ""
    terminal = sys.stderr.isatty()
    try:
        while True:
            state: dict[str, Any] = answer(client.get(f"/v1/forecasts/refits/{run}"))
            line = progress(state, 1 if terminal else LINE_PERCENT)
            if terminal:
                sys.stderr.write(f"\r\x1b[2K  {progress(state, 0)}")
                sys.stderr.flush()
            elif line != told:
                say(f"  {progress(state, 0)}")
            told = line
            if state["state"] == "failed":
                raise CommandError(f"Run {run} failed: {state['failure']}.", "Ask for another.")
            if state["state"] == "done":
                return state
            time.sleep(POLL_SECONDS)
    finally:
        if terminal:
            sys.stderr.write("\n")


def progress(state: dict[str, Any], step: int) -> str:
    """How far a run is in words; with a `step` only to so many percent, without the time left."""
    rows, done = state["rows"], state["rows_done"]
    if step:
        return f"{state['state']} {100 * done // max(rows, 1) // step}"
    left = state["seconds_left"]
    time_left = f", {left} s left" if left and state["state"] == "forecasting" else ""
    return f"{state['state']}: {done:,} of {rows:,} forecasts{time_left}"


def decided(client: "httpx.Client", run: dict[str, Any]) -> dict[str, Any] | None:
    """What a run decided, or left as it was; None where it had nothing to judge."""
    decisions: list[dict[str, Any]] = answer(client.get("/v1/forecast-models"))["decisions"]
    if run["outcome"] == "unchanged":
        return decisions[0]
    return next((one for one in decisions if one["run"] == run["id"]), None)


def pages(client: "httpx.Client", path: str, params: dict[str, str]) -> list[dict[str, Any]]:
    """Every item of a list."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        place = {"cursor": cursor} if cursor else {}
        page = answer(client.get(path, params={"limit": "500", **params, **place}))
        items += page["items"]
        cursor = page["next"]
    return items


@forecast.command()
def backtest(
    by: Annotated[
        str | None, typer.Option(metavar="lag|class|level", help="Only this way of grouping.")
    ] = None,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Show the errors of every method when the past was replayed, as the latest run found them."""
    found = Door.find(home, url).get(
        "/v1/forecasts/backtest", {"grouping": by} if by is not None else None
    )
    if output is Format.json:
        put_json(found)
        return
    if found["run"] is None:
        raise CommandError("Nothing was replayed yet.", "`takt forecast --refit` does it.")
    rows = [{name: told(value) for name, value in row.items()} for row in found["rows"]]
    put_table(rows, list(found["rows"][0]))
    put(f"as of the week of {found['week']}, by run {found['run']}")


def told(value: object) -> object:
    """A measure to three digits; all else as it is."""
    return share(value) if isinstance(value, float) else value
