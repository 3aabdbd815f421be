"""Databases and roles: each service has one of each, and no service can enter another's database.

    takt_deals, takt_forecast, ...   one per service, owned by the login role of the same name
    takt_access                      keys, sessions, tickets: written by their owner, read by all
    takt_log                         the log in PostgreSQL: written and read by every service

Making them needs an administrator; made once, a start only sets the passwords again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from takt.standalone.errors import StartError

SERVICES = ("takt_deals", "takt_forecast", "takt_supply_planning", "takt_alerting")
ACCESS = "takt_access"
LOG = "takt_log"
ROLES = (*SERVICES, ACCESS, LOG)
EVERY_SERVICE = "takt_services"
"""A role that nobody logs in as: it holds what every service may do with keys and log."""

POSTGRES_MAJOR = 18


@dataclass(frozen=True)
class Databases:
    """Where the databases are, and the passwords of the roles, which share their names.

    The log's are left out where the events go over Kafka.
    """

    admin_url: str
    passwords: Mapping[str, str]

    def url(self, database: str, role: str | None = None) -> str:
        """The URL of a database for a role: its owner unless another is named."""
        return as_role(self.admin_url, role or database, self.passwords[role or database], database)


def as_role(admin_url: str, role: str, password: str, database: str) -> str:
    """The administrator's URL, with another role and database."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(role, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}", path=f"/{database}"))


def at_database(admin_url: str, database: str) -> str:
    """The administrator's URL of another database."""
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{database}"))


def without_password(url: str) -> str:
    """A URL that may be shown."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")[0].partition(":")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host))


async def make_databases(databases: Databases) -> bool:
    """Make what is missing of roles and databases, and set the passwords. Twice is harmless.

    Returns: whether databases were made.
    Raises: StartError: no PostgreSQL answers, it is too old, or the administrator may not do it.
    """
    admin = await connect(databases.admin_url)
    try:
        await check_version(admin)
        made = await make_roles_and_databases(admin, databases.passwords)
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartError(
            f"The role of {without_password(databases.admin_url)} may not make Takt's databases: "
            f"{error}.",
            "Name an administrator with --database, a role with CREATEDB and CREATEROLE.",
        ) from error
    finally:
        await admin.close()
    await share_with_services(databases)
    return made


async def make_roles_and_databases(admin: asyncpg.Connection, passwords: Mapping[str, str]) -> bool:
    """Every role can log in to its own database and to nothing else."""
    roles = {row[0] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    present = {row[0] for row in await admin.fetch("SELECT datname FROM pg_database")}
    statements = [] if EVERY_SERVICE in roles else [f"CREATE ROLE {EVERY_SERVICE}"]
    for name in passwords:
        verb = "ALTER" if name in roles else "CREATE"
        statements.append(f"{verb} ROLE {name} LOGIN PASSWORD {literal(passwords[name])}")
        if name in SERVICES and name not in roles:
            statements.append(f"GRANT {EVERY_SERVICE} TO {name}")
    await admin.execute("; ".join(statements))
    missing = [name for name in passwords if name not in present]
    for name in missing:
        # The administrator of a given server need not be a superuser: to give a database away
        # it must be a member of the role that gets it.
        await admin.execute(f"GRANT {name} TO CURRENT_USER")
        await admin.execute(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING UTF8")
        await admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    return bool(missing)


async def share_with_services(databases: Databases) -> None:
    """Keys are for all to read; the log is for all to write and read.

    At every start, since a database of an older Takt may lack a table.
    """
    from takt.common.auth import SCHEMA as KEYS
    from takt.common.bus.postgres import SCHEMA as LOG_TABLES

    for database, tables, rights in (
        (ACCESS, KEYS, "SELECT"),
        (LOG, LOG_TABLES, "SELECT, INSERT, UPDATE, DELETE"),
    ):
        if database not in databases.passwords:
            continue
        connection = await connect(at_database(databases.admin_url, database))
        try:
            await connection.execute(
                f"""
                GRANT CONNECT ON DATABASE {database} TO {EVERY_SERVICE};
                SET ROLE {database};
                {tables}
                GRANT {rights} ON ALL TABLES IN SCHEMA public TO {EVERY_SERVICE};
                """
            )
        finally:
            await connection.close()


async def migrate(databases: Databases) -> list[str]:
    """Bring every part's tables to this version; the parts that were not there already.

    Raises: StartError: a database is of a newer Takt.
    """
    from takt.common.migrations import NewerDatabase
    from takt.common.migrations import migrate as migrate_part
    from takt.standalone.services import parts

    changed = []
    for part in parts():
        try:
            if await migrate_part(databases.url(part.database), part.migrations, part.schema):
                changed.append(part.name)
        except NewerDatabase as error:
            raise StartError(
                f"The data of {part.name} is of a newer Takt: {error}.",
                "Start the newer Takt, or name another home with --home (or TAKT_HOME).",
            ) from error
    return changed


async def connect(url: str) -> asyncpg.Connection:
    """A connection, or the reason why there is none."""
    try:
        return await asyncpg.connect(url, timeout=10)
    except (
        OSError,
        TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        ValueError,
    ) as error:
        raise StartError(
            f"No PostgreSQL answers at {without_password(url)}: {error or type(error).__name__}.",
            "Check address, role and password of --database (or TAKT_DATABASE); without it Takt "
            "starts a PostgreSQL of its own.",
        ) from error


async def check_version(admin: asyncpg.Connection) -> None:
    """Takt relies on what PostgreSQL 18 brought, such as uuidv7()."""
    found = admin.get_server_version()
    if found.major < POSTGRES_MAJOR:
        raise StartError(
            f"PostgreSQL {found.major}.{found.minor} is too old; Takt needs {POSTGRES_MAJOR}.",
            "Name a newer one with --database, or leave it out: Takt brings its own.",
        )


def literal(text: str) -> str:
    """A string as an SQL literal: utility statements take no parameters."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'" if "\\" not in text else f"E'{escaped.replace(chr(92), chr(92) * 2)}'"
