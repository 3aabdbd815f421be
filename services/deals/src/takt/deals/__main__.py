"""`python -m takt.deals`: the service as a process of its own."""

from takt.common.serving import serve
from takt.deals.app import create
from takt.deals.settings import DealsSettings

if __name__ == "__main__":
    settings = DealsSettings()
    serve(create(settings), settings)
