"""`takt migrate`: databases, roles and tables for services that run apart, as in compose."""

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from takt.standalone.commands.administrator import SECRETS, setting
from takt.standalone.commands.output import CommandError, say

if TYPE_CHECKING:
    from takt.standalone.provision import Databases

URLS = {
    "takt_deals": "DEALS_DATABASE_URL",
    "takt_forecast": "FORECAST_DATABASE_URL",
    "takt_supply_planning": "SUPPLY_DATABASE_URL",
    "takt_alerting": "ALERTING_DATABASE_URL",
    "takt_access": "TAKT_ACCESS_URL",
}
"""The very URLs that the services use say which password each role gets."""
LOG = {"takt_log": "TAKT_LOG_URL"}
"""Only where the events lie in PostgreSQL."""


def migrate() -> None:
    """Make databases and roles and bring every table to this version. Twice is harmless.

    TAKT_DATABASE is the administrator's URL. Each role gets the password that stands in the URL of
    its service: DEALS_DATABASE_URL, FORECAST_DATABASE_URL, SUPPLY_DATABASE_URL,
    ALERTING_DATABASE_URL, TAKT_ACCESS_URL (and TAKT_LOG_URL, where the events lie in PostgreSQL).
    All come from the environment, or from files of these names, in lower case, in /run/secrets.
    """
    import asyncio

    asyncio.run(bring_up_to_date(databases()))


def databases() -> "Databases":
    """The databases that the settings name. Raises CommandError: one is missing or does not fit."""
    from takt.standalone.provision import Databases

    urls = URLS | (LOG if setting(LOG["takt_log"]) else {})
    passwords = {role: password_in(variable, role) for role, variable in urls.items()}
    return Databases(required("TAKT_DATABASE"), passwords)


async def bring_up_to_date(databases: "Databases") -> None:
    """Make and migrate, and say what was done."""
    from takt.standalone import provision

    if await provision.make_databases(databases):
        say("Databases and roles are made.")
    changed = await provision.migrate(databases)
    say(f"Migrated {', '.join(changed)}." if changed else "Every table is of this version.")


def password_in(variable: str, role: str) -> str:
    """The password in a service's URL, which must be of the role and database of that name."""
    parts = urlsplit(required(variable))
    if parts.username != role or parts.path != f"/{role}":
        raise CommandError(
            f"{variable} is for role {parts.username} and database {parts.path.lstrip('/')}.",
            f"Takt's role and database there are both called {role}.",
            2,
        )
    if not parts.password:
        raise CommandError(f"{variable} has no password.", f"Write one: {role}:PASSWORD@HOST.", 2)
    return unquote(parts.password)


def required(variable: str) -> str:
    """A setting that must be there."""
    text = setting(variable)
    if text is None:
        raise CommandError(
            f"{variable} is not set.",
            f"Set it in the environment, or put it into {SECRETS / variable.lower()}.",
            2,
        )
    return text
