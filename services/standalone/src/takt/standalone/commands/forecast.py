"""`takt forecast`: what the forecast says, and why."""

import typer

from takt.standalone.commands.forecast_explain import explain

forecast = typer.Typer(name="forecast", help="The forecast and its versions.", no_args_is_help=True)
forecast.command()(explain)


@forecast.callback()
def options() -> None:
    """Keep `explain` a verb of its own."""
