"""Settings of supply planning: SUPPLY_* and what all services share."""

from takt.common.settings import Settings, config


class SupplySettings(Settings):
    """What procurement and finance need to know."""

    model_config = config("SUPPLY_")
