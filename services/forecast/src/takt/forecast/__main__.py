"""Run the service: `python -m takt.forecast`."""

import uvicorn
from takt.forecast.app import create
from takt.forecast.settings import ForecastSettings

if __name__ == "__main__":
    settings = ForecastSettings()
    uvicorn.run(create(settings), host=settings.host, port=settings.port, access_log=False)
