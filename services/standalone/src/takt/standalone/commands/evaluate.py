"""`takt evaluate`: how good forecasts are, measured on a history whose end is held back."""

import typer

from takt.standalone.commands.evaluate_drivers import drivers

evaluate = typer.Typer(
    name="evaluate",
    help="Measure forecasts on a history whose end is held back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@evaluate.callback()
def what() -> None:
    """Measure forecasts on a history whose end is held back."""


evaluate.command()(drivers)
