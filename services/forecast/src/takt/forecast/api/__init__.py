"""Routes, a file per noun."""

from takt.forecast.api import (
    demand_history,
    forecast_versions,
    forecasts,
    pipeline_demand,
    signals,
    win_probabilities,
)

ROUTERS = (
    demand_history.router,
    forecasts.router,
    forecast_versions.router,
    win_probabilities.router,
    pipeline_demand.router,
    signals.router,
)
