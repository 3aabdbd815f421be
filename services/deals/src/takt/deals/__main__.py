"""`python -m takt.deals`: the service by itself."""

import uvicorn
from takt.deals.app import create
from takt.deals.settings import DealsSettings

if __name__ == "__main__":
    settings = DealsSettings()
    uvicorn.run(create(settings), host=settings.host, port=settings.port, access_log=False)
