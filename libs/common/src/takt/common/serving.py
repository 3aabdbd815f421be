"""A service as a process of its own: `python -m takt.<service>`."""

import uvicorn
from fastapi import FastAPI

from takt.common import telemetry
from takt.common.settings import SharedSettings

GRACE_SECONDS = 10
"""How long requests under way may take when the process is told to stop."""


def serve(app: FastAPI, settings: SharedSettings) -> None:
    """Serve until told to stop; logs go to stderr."""
    telemetry.configure()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
