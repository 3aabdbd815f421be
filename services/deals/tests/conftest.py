from takt.common.testing import service_app, service_database
from takt.deals.app import PART

database = service_database(PART)
app = service_app(PART)
