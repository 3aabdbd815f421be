from takt.common.testing import service_app, service_database
from takt.supply_planning.procurement import PROCUREMENT

database = service_database(PROCUREMENT)
app = service_app(PROCUREMENT)
