"""Settings of the door: CONSOLE_* in the environment."""

from pydantic import Field, SecretStr

from takt.common.settings import SharedSettings, config


class ConsoleSettings(SharedSettings):
    """What the door needs to know. It has no database of its own; keys and log are those of all."""

    model_config = config("CONSOLE_")

    services: dict[str, str] = Field(default_factory=dict)
    """Where each service is: {"deals": "http://deals:8000", ...}."""
    answer_seconds: float = Field(30, gt=0)
    """How long a service may be silent before the door gives up on its answer."""
    session_hours: float = Field(12, gt=0)
    """How long a browser stays signed in."""
    page_key: SecretStr | None = None
    """A key that may only read: with it the pages open without a password to this very machine."""
