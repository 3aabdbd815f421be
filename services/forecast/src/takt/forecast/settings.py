"""Settings of the forecast service: FORECAST_* in the environment."""

from takt.common.settings import Settings, config


class ForecastSettings(Settings):
    """What the forecast service needs to know."""

    model_config = config("FORECAST_")
