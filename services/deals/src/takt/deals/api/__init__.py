"""The routes, a file per noun: validate, call the use case, answer."""

from takt.deals.api import (
    accounts,
    catalog,
    company,
    deals,
    exports,
    imports,
    inbound,
    life,
    pipelines,
    prices,
    sales,
    stage_moves,
)

# Exports before deals: /v1/deals/export is no id.
ROUTERS = (
    company.router,
    *catalog.routers,
    pipelines.router,
    accounts.router,
    exports.router,
    stage_moves.router,
    deals.router,
    prices.router,
    life.router,
    sales.router,
    imports.router,
    inbound.router,
)
