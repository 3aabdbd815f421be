"""`python -m takt.forecast`: the service as a process of its own."""

from takt.common.serving import serve
from takt.forecast.app import create
from takt.forecast.settings import ForecastSettings

if __name__ == "__main__":
    settings = ForecastSettings()
    serve(create(settings), settings)
