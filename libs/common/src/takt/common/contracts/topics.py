"""The topics: what keeps order in them, and how long they are kept.

Partition counts are fixed at creation.
"""

from dataclasses import dataclass

CATALOG = "takt.catalog.v1"
ACCOUNTS = "takt.accounts.v1"
DEALS = "takt.deals.v1"
SALES = "takt.sales.v1"
SIGNALS = "takt.signals.v1"
PIPELINE_DEMAND = "takt.pipeline-demand.v1"
FORECASTS = "takt.forecasts.v1"
FORECAST_VERSIONS = "takt.forecast-versions.v1"
PLANS = "takt.plans.v1"
PURCHASING = "takt.purchasing.v1"
PURCHASING_HELD = "takt.purchasing-held.v1"
KANBAN = "takt.kanban.v1"
CASH = "takt.cash.v1"
ALERTS = "takt.alerts.v1"
INBOUND_DEALS = "takt.inbound.deals.v1"
INBOUND_SALES = "takt.inbound.sales.v1"
INBOUND_PURCHASING = "takt.inbound.purchasing.v1"
INBOUND_SIGNALS = "takt.inbound.signals.v1"

DEAD_LETTERS_SUFFIX = ".dlq"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is created: `compacted` keeps the last state of each key, else 30 days."""

    name: str
    keyed_by: str
    owner: str
    compacted: bool = False
    partitions: int = 4


TOPICS = (
    Topic(CATALOG, "product, region, team", "deals", compacted=True, partitions=1),
    Topic(ACCOUNTS, "account", "deals"),
    Topic(DEALS, "deal", "deals"),
    Topic(SALES, "sale", "deals"),
    Topic(SIGNALS, "signal", "forecast"),
    Topic(PIPELINE_DEMAND, "deal", "forecast", compacted=True),
    Topic(FORECASTS, "series", "forecast", compacted=True),
    Topic(FORECAST_VERSIONS, "version", "forecast", partitions=1),
    Topic(PLANS, "item and site", "supply_planning", compacted=True),
    Topic(PURCHASING, "purchase order", "supply_planning"),
    Topic(PURCHASING_HELD, "purchase order", "supply_planning", partitions=1),
    Topic(KANBAN, "item and site", "supply_planning"),
    Topic(CASH, "ledger", "supply_planning", compacted=True, partitions=1),
    Topic(ALERTS, "alert", "alerting"),
    Topic(INBOUND_DEALS, "the source's id", "outside"),
    Topic(INBOUND_SALES, "the source's id", "outside"),
    Topic(INBOUND_PURCHASING, "the source's id", "outside"),
    Topic(INBOUND_SIGNALS, "the source's id", "outside"),
)

COMPACTED = [topic.name for topic in TOPICS if topic.compacted]
