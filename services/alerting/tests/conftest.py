from cryptography.fernet import Fernet

from takt.alerting.app import Configuration, wire
from takt.alerting.sender import Sender
from takt.alerting.service.deliveries import Outgoing
from takt.alerting.vault import Vault
from takt.common.testing import service_app, service_database

from .receiver import LOOPBACK

OUTGOING = Outgoing(Sender(allowed=LOOPBACK), Vault([Fernet.generate_key().decode()]))
PART = wire(Configuration(outgoing=OUTGOING, role_addresses={"demand-planner": "ann@example.com"}))

database = service_database(PART)
app = service_app(PART)
