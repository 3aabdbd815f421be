"""`python -m takt.console`: the door as a process of its own."""

from types import FrameType

import uvicorn
from fastapi import FastAPI

from takt.common import telemetry
from takt.common.serving import GRACE_SECONDS, spare_collector
from takt.console.app import create
from takt.console.settings import ConsoleSettings


class Server(uvicorn.Server):
    """A server that lets the streams of events end before it waits for connections to close."""

    def __init__(self, door: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._door = door

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal to stop."""
        super().handle_exit(sig, frame)
        self._door.state.events.end()


def main() -> None:
    """Serve until told to stop."""
    telemetry.configure()
    settings = ConsoleSettings()
    door = create(settings)
    config = uvicorn.Config(
        door,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    spare_collector()
    Server(door, config).run()


if __name__ == "__main__":
    main()
