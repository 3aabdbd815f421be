from takt.common.testing import service_app, service_database
from takt.supply_planning.finance import FINANCE

database = service_database(FINANCE)
app = service_app(FINANCE)
