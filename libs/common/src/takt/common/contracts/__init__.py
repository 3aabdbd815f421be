"""The public events, a file per producing service: the only thing that services know of each other.

Additions only, for ever: a field may be added with a default, none is removed, renamed or narrowed.
"""

from takt.common.contracts import alerting, deals, forecast, inbound, supply_planning

__all__ = ["alerting", "deals", "forecast", "inbound", "supply_planning"]
