"""Routes, a file per noun."""

from takt.forecast.api import (
    demand_history,
    explanations,
    forecast_versions,
    forecasts,
    pipeline_demand,
    win_probabilities,
)

ROUTERS = (
    demand_history.router,
    forecasts.router,
    forecast_versions.router,
    explanations.router,
    win_probabilities.router,
    pipeline_demand.router,
)
