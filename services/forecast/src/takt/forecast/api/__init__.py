"""Routes, a file per noun."""

from takt.forecast.api import (
    demand_history,
    explanations,
    forecast_models,
    forecast_versions,
    forecasts,
    pipeline_demand,
    reconciliation,
    refits,
    signals,
    win_probabilities,
)

ROUTERS = (
    demand_history.router,
    refits.router,  # before the forecast of a product and a region
    reconciliation.router,
    forecasts.router,
    forecast_models.router,
    forecast_versions.router,
    explanations.router,
    win_probabilities.router,
    pipeline_demand.router,
    signals.router,
)
