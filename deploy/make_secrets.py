"""Make the passwords of a composed Takt once, each where only its service mounts it.

Usage: make_secrets.py FOLDER. FOLDER/postgres holds the administrator's password, FOLDER/<service>
the addresses of that service's database, of the keys and of nothing else, FOLDER/migrate all of
them. Existing files are kept.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

HOST = "postgres:5432"
SERVICES = {
    "deals": ("deals", "takt_deals"),
    "forecast": ("forecast", "takt_forecast"),
    "procurement": ("supply", "takt_supply_planning"),
    "finance": ("supply", "takt_supply_planning"),
    "alerting": ("alerting", "takt_alerting"),
}


def main(folder: Path) -> None:
    """Write what is missing."""
    passwords: dict[str, str] = {}
    for role in sorted({role for _, role in SERVICES.values()} | {"takt", "takt_access"}):
        passwords[role] = keep(folder / "migrate" / f"password_{role}", secrets.token_urlsafe(32))
    keep(folder / "postgres" / "password", passwords["takt"])
    access = url("takt_access", passwords["takt_access"], "takt_access")
    keep(folder / "migrate" / "takt_database", url("takt", passwords["takt"], "postgres"))
    keep(folder / "migrate" / "takt_access_url", access)
    for service, (prefix, role) in SERVICES.items():
        own = url(role, passwords[role], role)
        keep(folder / service / f"{prefix}_database_url", own)
        keep(folder / service / "takt_access_url", url(role, passwords[role], "takt_access"))
        keep(folder / "migrate" / f"{prefix}_database_url", own)
    keep(folder / "console" / "takt_access_url", access)
    keep(folder / "alerting" / "alerting_webhook_keys", fernet_key())


def fernet_key() -> str:
    """32 random bytes, as the library that encrypts webhook secrets takes them."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def url(role: str, password: str, database: str) -> str:
    """The address of a database for a role."""
    return f"postgresql://{role}:{password}@{HOST}/{database}"


def keep(path: Path, value: str) -> str:
    """The content of the file, which is written first where it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
    return path.read_text()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
