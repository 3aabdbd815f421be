"""`python -m takt.alerting`: the service, alone."""

from __future__ import annotations

import uvicorn
from takt.alerting.app import create
from takt.alerting.settings import AlertingSettings
from takt.common import telemetry

if __name__ == "__main__":
    telemetry.configure()
    settings = AlertingSettings()
    uvicorn.run(create(settings), host=settings.host, port=settings.port, log_config=None)
