"""`python -m takt.alerting`: the service as a process of its own."""

from takt.alerting.app import create
from takt.alerting.settings import AlertingSettings
from takt.common.serving import serve

if __name__ == "__main__":
    settings = AlertingSettings()
    serve(create(settings), settings)
