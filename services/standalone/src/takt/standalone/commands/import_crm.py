"""`takt import crm`: a CRM's CSV files, with progress, a dry run and a report."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.crm_outlook import entry_of, outlook, report_outlook
from takt.standalone.commands.door import Door, HomeOption, UrlOption, answer
from takt.standalone.commands.output import (
    FAILED,
    CommandError,
    Format,
    Output,
    put,
    put_json,
    say,
)
from takt.standalone.commands.progress import Progress

if TYPE_CHECKING:
    import httpx

import_ = typer.Typer(
    name="import",
    help="Bring in what other systems have.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

POLL_SECONDS = 0.3
SHOWN_PROBLEMS = 50


@import_.callback()
def what() -> None:
    """Bring in what other systems have."""


@import_.command()
def crm(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of its CSV files.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What its columns mean (TOML): docs/guides/crm-import.md."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what an import would do, and change nothing.")
    ] = False,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Import accounts, products, teams and opportunities; twice changes nothing.

    Then waits for the forecast, and shows how many deals win and how many are stalled. Ends with 1
    when a row did not go in; the others are in.
    """
    files = csv_files(folder)
    wish: dict[str, Any] = {"dry_run": dry_run}
    if mapping is not None:
        wish["mapping"] = mapping_text(mapping)
    with Door.find(home, url).client(timeout_seconds=120) as client:
        job = send(client, wish, files)
        done = follow(client, job)
        problems = row_problems(client, job)
        if output is Format.text:
            report(done)
        tell_problems(problems)
        found = None
        if done["state"] == "done" and not dry_run and (closed := closed_deals(done)):
            found = outlook(client, entry_of(client, wish.get("mapping")), closed)
    if output is Format.json:
        put_json({**done, "row_problems": problems, "outlook": found})
    elif found:
        report_outlook(found)
    if done["state"] == "failed":
        raise CommandError(f"The import failed: {done['failure']}.", "Mend that, and import again.")
    if problems:
        raise typer.Exit(FAILED)


def csv_files(folder: Path) -> list[Path]:
    """The CSV files of a folder. Raises CommandError: there are none, or no such folder."""
    if not folder.is_dir():
        raise CommandError(
            f"{folder} is no folder.", "Name the folder that holds the CSV files.", 2
        )
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    if not files:
        raise CommandError(f"{folder} holds no CSV file.", "Export the CRM's tables as CSV.", 2)
    return files


def mapping_text(path: Path) -> str:
    """A mapping file's text. Raises CommandError: it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"The mapping {path} cannot be read: {error}.", "Write it as TOML in UTF-8.", 2
        ) from error


def send(client: "httpx.Client", wish: dict[str, Any], files: list[Path]) -> str:
    """Hand over mapping and files, and start; the import's id."""
    job = str(answer(client.post("/v1/imports", json=wish, headers=once()))["id"])
    for file in files:
        answer(
            client.put(
                f"/v1/imports/{job}/files/{file.name}",
                content=file.read_bytes(),
                headers={"Content-Type": "text/csv"},
            )
        )
    answer(client.post(f"/v1/imports/{job}/start", headers=once()))
    return job


def once() -> dict[str, str]:
    """The header that makes a repeated request harmless."""
    from uuid import uuid4

    return {"Idempotency-Key": str(uuid4())}


def follow(client: "httpx.Client", job: str) -> dict[str, Any]:
    """Tell how far the import is until it is through."""
    progress = Progress()
    try:
        while True:
            state: dict[str, Any] = answer(client.get(f"/v1/imports/{job}"))
            if state["rows_total"]:
                progress("opportunities", state["rows_done"], state["rows_total"])
            if state["state"] in ("done", "failed"):
                return state
            time.sleep(POLL_SECONDS)
    finally:
        progress.end()


def row_problems(client: "httpx.Client", job: str) -> list[dict[str, Any]]:
    """Every row that did not go in."""
    problems: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = answer(
            client.get(f"/v1/imports/{job}/problems", params={"cursor": cursor} if cursor else {})
        )
        problems += page["items"]
        cursor = page["next"]
    return problems


def closed_deals(done: dict[str, Any]) -> int:
    """How many deals of an import are won or lost."""
    states = done["counts"].get("states", {})
    return int(states.get("won", 0) + states.get("lost", 0))


def report(done: dict[str, Any]) -> None:
    """What is in, in the figures by which a person recognises the data."""
    counts = done["counts"]
    if not counts:
        return
    states = counts["states"]
    would = "would be imported" if done["dry_run"] else "imported"
    put(f"{counts['deals']:,} deals {would}, of {done['rows_read']:,} rows read")
    put(f"  {states.get('won', 0):,} won, worth {shown_amount(counts['won_value'])}")
    put(f"  {states.get('lost', 0):,} lost")
    put(f"  {states.get('open', 0):,} open, {counts['without_date']:,} of them never engaged")
    put(f"  {counts['without_account']:,} without an account")
    for was, times in counts["renamed"].items():
        field, _, change = was.partition(" ")
        name, _, read_as = change.partition(" = ")
        put(f"  {times:,} rows name the {field} {name}, read as {read_as}")
    results = ", ".join(f"{number:,} {what}" for what, number in counts["results"].items())
    put(f"  {counts['products']:,} products, {counts['accounts']:,} accounts; {results}")


def shown_amount(text: str) -> str:
    """An amount with its thousands apart, and no digit more than it has."""
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}"


def tell_problems(problems: list[dict[str, Any]]) -> None:
    """Say which rows did not go in, and what to do about each."""
    for problem in problems[:SHOWN_PROBLEMS]:
        place = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
        field = f" {problem['field']} = {problem['value']!r}:" if problem["field"] else ""
        say(f"{place}{field} {problem['remedy']}")
    if len(problems) > SHOWN_PROBLEMS:
        say(f"... and {len(problems) - SHOWN_PROBLEMS:,} more; -o json has them all.")
