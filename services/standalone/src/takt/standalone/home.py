"""The folder in which one Takt keeps all that is its own: data, keys, logs, its address."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from takt.standalone.errors import StartError, full_disk_told

VERSION = 1
"""Of the home's layout. Raised when an older Takt could no longer use it."""

KEY, PAGE_KEY = "key", "page-key"
ELSEWHERE = "name another home with --home (or TAKT_HOME)."


@dataclass(frozen=True)
class Running:
    """The Takt that runs in a home now."""

    pid: int
    url: str


@dataclass(frozen=True)
class Home:
    """The paths of a home. It need not exist."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The embedded database, owned by its user."""
        return self.path / "postgres"

    @property
    def kafka(self) -> Path:
        """The embedded broker."""
        return self.path / "kafka"

    @property
    def key_file(self) -> Path:
        """The first API key, with every scope; only its owner reads it."""
        return self.path / KEY

    @property
    def log(self) -> Path:
        """What the services have to say."""
        return self.path / "takt.log"

    @property
    def loading_file(self) -> Path:
        """There while the demonstration company is not wholly loaded."""
        return self.path / "loading"

    def key(self) -> str | None:
        """The first API key, where one was made."""
        return self.key_file.read_text().strip() if self.key_file.exists() else None

    def page_key(self) -> str | None:
        """The key with which the pages on this machine read what they show."""
        file = self.path / PAGE_KEY
        return file.read_text().strip() if file.exists() else None

    def keep_key(self, name: str, key: str) -> None:
        """Keep a key in the place of an older one."""
        file = self.path / name
        file.unlink(missing_ok=True)
        write_private(file, f"{key}\n")

    def secret(self, name: str) -> str:
        """A secret of this home: 64 hexadecimal digits, always the same for the same name."""
        import hmac
        import secrets

        file = self.path / "secret"
        if not file.exists():
            write_private(file, secrets.token_hex(32))
        return hmac.digest(file.read_bytes(), name.encode(), "sha256").hex()

    @property
    def running_file(self) -> Path:
        """Where and as which process Takt runs in this home."""
        return self.path / "running.json"

    def running(self) -> Running | None:
        """The Takt that runs here, if one does; what a killed one left behind does not count."""
        try:
            found = json.loads(self.running_file.read_text())
            if holder(self.path / "lock") is None:
                return None
            return Running(int(found["pid"]), str(found["url"]))
        except (OSError, ValueError, KeyError):
            return None

    @contextlib.contextmanager
    def announced(self, url: str) -> Iterator[None]:
        """Let the other commands find this Takt until the end of the block."""
        self.running_file.write_text(json.dumps({"pid": os.getpid(), "url": url}))
        try:
            yield
        finally:
            self.running_file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Have the home for this process alone until the end of the block, or of the process.

        Raises: StartError: another Takt has it, a newer Takt made it, it cannot be written, or its
            disk is full, now or later in the block.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(full_disk_told(self.path))
            try:
                self._make()
                lock = stack.enter_context((self.path / "lock").open("a+"))
                self._lock(lock.fileno())
                self._check_version()
                lock.truncate(0)
                lock.write(str(os.getpid()))
                lock.flush()
            except OSError as error:
                raise StartError(
                    f"The home {self.path} cannot be used: {error.strerror}.",
                    f"Let this user write there, or {ELSEWHERE}",
                ) from error
            yield
            lock.truncate(0)

    def _make(self) -> None:
        """Only its owner may look in; for root, the database's user must at least pass through."""
        missing = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def _lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = holder(self.path / "lock")
            raise StartError(
                f"The home {self.path} is in use by another Takt (process {other}).",
                f"Stop that one with `kill -INT {other}`, or {ELSEWHERE}",
            ) from None

    def _check_version(self) -> None:
        file = self.path / "version"
        if not file.exists():
            file.write_text(f"{VERSION}\n")
            return
        text = file.read_text().strip()
        if not text.isdigit():
            raise StartError(
                f"The home {self.path} has a version file that says {text!r} instead of a number.",
                f"Restore {file}, or {ELSEWHERE}",
            )
        if int(text) > VERSION:
            raise StartError(
                f"The home {self.path} was made by a newer Takt: its version is {text}, "
                f"this Takt knows up to {VERSION}.",
                f"Start the newer Takt, or {ELSEWHERE}",
            )


def write_private(file: Path, text: str) -> None:
    """Write a new file that only its owner can read, from its first byte on."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(text)


def holder(lock: Path) -> int | None:
    """The process that holds a home's lock now."""
    try:
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
    except (OSError, ValueError):
        pass
    return None


def home_at(given: Path | None) -> Home:
    """The home that was asked for, or TAKT_HOME, or `~/.takt` (for root `/var/lib/takt`)."""
    if given is not None:
        return Home(given.expanduser().absolute())
    if named := os.environ.get("TAKT_HOME"):
        return Home(Path(named).expanduser().absolute())
    if os.geteuid() == 0:
        return Home(Path("/var/lib/takt"))
    return Home(Path.home() / ".takt")
