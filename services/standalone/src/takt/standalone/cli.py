"""The `takt` command: which verbs there are, and how an error ends.

Everything heavy is imported by the verb that needs it, so that --help answers at once.
"""

import sys
from typing import Annotated

import typer

from takt.standalone.commands.dead_letters import dead_letters
from takt.standalone.commands.doctor import doctor
from takt.standalone.commands.evaluate import evaluate
from takt.standalone.commands.forecast import forecast
from takt.standalone.commands.import_crm import import_
from takt.standalone.commands.import_frepple import frepple
from takt.standalone.commands.import_signals import signals
from takt.standalone.commands.import_supply import supply
from takt.standalone.commands.keys import keys
from takt.standalone.commands.migrate import migrate
from takt.standalone.commands.open import open_
from takt.standalone.commands.output import FAILED, INTERRUPTED, CommandError, put, say
from takt.standalone.commands.plan import plan
from takt.standalone.commands.republish import republish
from takt.standalone.commands.simulate import simulate
from takt.standalone.commands.tail import tail
from takt.standalone.commands.trace import trace
from takt.standalone.commands.up import up
from takt.standalone.errors import StartError

app = typer.Typer(
    name="takt",
    help="From a deal's stage to the purchase order and the cash that hang on it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command("open")(open_)
import_.command()(signals)
import_.command()(supply)
import_.command()(frepple)
app.add_typer(import_)
app.add_typer(forecast)
app.command()(simulate)
app.command()(tail)
app.command()(trace)
app.add_typer(dead_letters)
app.add_typer(keys)
app.add_typer(evaluate)
app.command()(plan)
app.command()(doctor)
app.command()(migrate)
app.command()(republish)


def show_version(wanted: bool) -> None:
    """Say which Takt this is."""
    if wanted:
        from importlib.metadata import version

        put(f"takt {version('takt-standalone')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Which Takt.")
    ] = False,
) -> None:
    """What holds for every verb."""


def main() -> None:
    """Run a verb; an error is told on stderr with its remedy."""
    try:
        app(spelled_out(sys.argv[1:]))
    except CommandError as error:
        tell(error.problem, error.remedy)
        sys.exit(error.code)
    except StartError as error:
        tell(error.problem, error.remedy)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def spelled_out(arguments: list[str]) -> list[str]:
    """`--kafka` may stand without an address; it then means a broker of our own."""
    following = [*arguments[1:], "--"]
    return [
        "--kafka=own" if argument == "--kafka" and after.startswith("-") else argument
        for argument, after in zip(arguments, following, strict=True)
    ]


def tell(problem: str, remedy: str) -> None:
    """What is wrong, and what to do about it."""
    say(f"takt: {problem}")
    if remedy:
        say(f"      {remedy}")
