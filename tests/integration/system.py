"""Takt as it runs apart: every service a process of its own, over a real log and a real PostgreSQL.

The same processes as in compose, on the loopback address, so that each can be killed and stopped.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from aiokafka.admin import AIOKafkaAdminClient
from cryptography.fernet import Fernet

from takt.common.testing import eventually
from takt.standalone.access import create_key
from takt.standalone.ports import free_ports

COMMANDS = {
    "deals": ["takt.deals"],
    "forecast": ["takt.forecast"],
    "procurement": ["takt.supply_planning", "procurement"],
    "finance": ["takt.supply_planning", "finance"],
    "alerting": ["takt.alerting"],
    "console": ["takt.console"],
}
DATABASES = {
    "DEALS_DATABASE_URL": "takt_deals",
    "FORECAST_DATABASE_URL": "takt_forecast",
    "SUPPLY_DATABASE_URL": "takt_supply_planning",
    "ALERTING_DATABASE_URL": "takt_alerting",
    "TAKT_ACCESS_URL": "takt_access",
    "TAKT_LOG_URL": "takt_log",
}
START_SECONDS = 60


@dataclass
class System:
    """A Takt in processes: `door` is its address, `key` an administrator's key."""

    admin_url: str
    kafka: str | None
    folder: Path
    as_of: str | None = None
    door: str = ""
    key: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def url(self, database: str) -> str:
        """An administrator's URL of one of Takt's databases."""
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{database}"))

    async def prepare(self) -> None:
        """Databases, roles, tables, a key."""
        host = urlsplit(self.admin_url)
        place = host.netloc.rpartition("@")[2]
        environment = dict(os.environ)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # six processes would compile it all anew
        for variable, role in DATABASES.items():
            if variable == "TAKT_LOG_URL" and self.kafka is not None:
                continue
            login = f"{role}:{secrets.token_urlsafe(16)}@{place}"
            environment[variable] = urlunsplit(host._replace(netloc=login, path=f"/{role}"))
        if self.kafka is not None:
            environment["TAKT_KAFKA"] = self.kafka
        if self.as_of is not None:
            environment["TAKT_AS_OF"] = self.as_of
        environment["ALERTING_WEBHOOK_KEYS"] = Fernet.generate_key().decode()
        environment["ALERTING_WEBHOOK_ALLOWED_NETWORKS"] = "127.0.0.0/8"
        self.environment = environment
        migrated = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("takt")),
            "migrate",
            env={**environment, "TAKT_DATABASE": self.admin_url},
        )
        assert await migrated.wait() == 0, "takt migrate failed"
        access = await asyncpg.connect(self.url("takt_access"))
        self.key, _ = await create_key(access, "tests", ["admin"])
        await access.close()
        self.ports = dict(zip(COMMANDS, free_ports(len(COMMANDS)), strict=True))
        self.door = f"http://127.0.0.1:{self.ports['console']}"

    def start(self, *names: str) -> None:
        """Start processes; all of them when none is named. `forecast@2` is a second forecast."""
        for name in names or COMMANDS:
            service = name.partition("@")[0]
            if name not in self.ports:
                [self.ports[name]] = free_ports()
            port = self.ports[name]
            own = {"TAKT_PORT": str(port), "TAKT_HOST": "127.0.0.1"}
            if service in ("procurement", "finance"):
                own["TAKT_ACCESS_URL"] = self._access_as("SUPPLY_DATABASE_URL")
            elif service != "console":
                own["TAKT_ACCESS_URL"] = self._access_as(f"{service.upper()}_DATABASE_URL")
            services = {n: f"http://127.0.0.1:{self.ports[n]}" for n in COMMANDS if n != "console"}
            own["CONSOLE_SERVICES"] = json.dumps(services)
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", *COMMANDS[service]],
                    env={**self.environment, **own},
                    stdout=log,
                    stderr=log,
                )

    def _access_as(self, variable: str) -> str:
        """The keys' database with a service's own login: it may only read there."""
        return urlunsplit(urlsplit(self.environment[variable])._replace(path="/takt_access"))

    async def ready(self, *names: str) -> None:
        """Wait until processes answer; all of them when none is named."""
        async with httpx.AsyncClient(timeout=5) as client:
            for name in names or COMMANDS:
                async with asyncio.timeout(START_SECONDS):
                    while not await self._answers(client, name):
                        if self.processes[name].poll() is not None:
                            raise AssertionError(f"{name} ended:\n{self.said(name)}")
                        await asyncio.sleep(0.1)

    async def _answers(self, client: httpx.AsyncClient, name: str) -> bool:
        with suppress(httpx.HTTPError):
            url = f"http://127.0.0.1:{self.ports[name]}/health/ready"
            return (await client.get(url)).status_code == 200
        return False

    def said(self, name: str) -> str:
        """The end of a process's log."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4_000:]

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process."""
        self.processes[name].send_signal(number)

    async def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        self.processes[name].kill()
        await asyncio.to_thread(self.processes[name].wait)

    async def stop(self, *names: str) -> None:
        """End processes as an operator would; all of them when none is named."""
        ending = {name: self.processes[name] for name in names or self.processes}
        for process in ending.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for name, process in ending.items():
            try:
                await asyncio.to_thread(process.wait, 30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{name} did not stop in 30 s:\n{self.said(name)}") from None

    async def on(self, as_of: str) -> None:
        """Go on at another business time."""
        await self.stop()
        self.environment["TAKT_AS_OF"] = as_of
        self.start()
        await self.ready()

    async def remove(self) -> None:
        """Drop databases and roles, for the next one on this server."""
        admin = await asyncpg.connect(self.admin_url)
        for name in DATABASES.values():
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the door with the key."""
        async with client_of(self.door, self.key) as client:
            yield client


@asynccontextmanager
async def running_system(
    admin_url: str, folder: Path, *, kafka: str | None = None, as_of: str | None = None
) -> AsyncIterator[System]:
    """A whole system, ready; ended and removed afterwards."""
    system = System(admin_url, kafka, folder, as_of)
    try:
        await system.prepare()
        system.start()
        await system.ready()
        yield system
    finally:
        try:
            await system.stop()
        finally:
            await system.remove()


async def forget_other_tests(kafka: str) -> None:
    """Remove Takt's topics, and so what other tests left there and how far their groups read."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()

    async def ours() -> list[str]:
        return [topic for topic in await admin.list_topics() if topic.startswith("takt.")]

    async def gone() -> bool:
        return not await ours()

    try:
        await admin.delete_topics(await ours())
        await eventually(gone)
    finally:
        await admin.close()


def client_of(door: str, key: str) -> httpx.AsyncClient:
    """A client of a door that shows a key."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=door, headers=headers, timeout=60)
