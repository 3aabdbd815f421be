"""A service as a process of its own: `python -m takt.<service>`."""

import gc

import uvicorn
from fastapi import FastAPI

from takt.common import telemetry
from takt.common.settings import SharedSettings

GRACE_SECONDS = 10
"""How long requests under way may take when the process is told to stop."""
COLLECT_AFTER = 20_000
"""Container objects made since the last look for cycles: decisions and events have none."""


def spare_collector() -> None:
    """Take what the start made out of the collector's walks, and let it walk seldom.

    A batch makes thousands of short-lived values; with Python's 700 a fifth of its time is walks.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)


def serve(app: FastAPI, settings: SharedSettings) -> None:
    """Serve until told to stop; logs go to stderr."""
    telemetry.configure()
    spare_collector()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
