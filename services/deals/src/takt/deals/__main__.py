"""`python -m takt.deals`: the service as a process of its own."""

from takt.deals.app import create
from takt.deals.settings import DealsSettings
from takt.common.serving import serve

if __name__ == "__main__":
    settings = DealsSettings()
    serve(create(settings), settings)
