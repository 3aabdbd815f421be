"""DEALS_* in the environment."""

from takt.common.settings import Settings, config


class DealsSettings(Settings):
    """What the deals service needs to know."""

    model_config = config("DEALS_")
