"""Takt as in production: what `docker compose up --build --wait` brings up."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from takt.standalone.ports import free_ports

from .system import client_of

HERE = Path(__file__).parent
FILES = (HERE.parent.parent / "docker-compose.yml", HERE / "composed.yml")
RECEIVER = "receiver.takt.test"
"""This host, as the containers call it."""


@dataclass
class Composed:
    """A project of its own name and ports, beside any other Takt on this machine."""

    as_of: str
    port: int
    kafka_port: int
    key: str = ""

    @property
    def kafka(self) -> str:
        """The broker's listener for this host."""
        return f"127.0.0.1:{self.kafka_port}"

    async def compose(self, *arguments: str) -> str:
        """Run docker compose on the project; its standard output. Raises AssertionError."""
        files = [option for file in FILES for option in ("-f", str(file))]
        process = await asyncio.create_subprocess_exec(
            *("docker", "compose", "-p", "takt-story", *files, *arguments),
            env={
                **os.environ,
                "TAKT_AS_OF": self.as_of,
                "TAKT_PORT": str(self.port),
                "TAKT_KAFKA_PORT": str(self.kafka_port),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        assert process.returncode == 0, complained.decode()[-4_000:]
        return said.decode()

    async def on(self, as_of: str) -> None:
        """Go on at another business time."""
        self.as_of = as_of
        await self.compose("up", "--wait")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the door with the key."""
        async with client_of(f"http://127.0.0.1:{self.port}", self.key) as client:
            yield client


@asynccontextmanager
async def running_composed(as_of: str) -> AsyncIterator[Composed]:
    """All containers, healthy; removed afterwards with what they kept."""
    system = Composed(as_of, *free_ports(2))
    try:
        await system.compose("up", "--build", "--wait")
        create = ("takt", "keys", "create", "story", "--scope", "admin")
        system.key = (await system.compose("run", "--rm", "migrate", *create)).strip()
        yield system
    finally:
        await system.compose("down", "--volumes", "--timeout", "5")
