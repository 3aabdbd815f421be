"""The broker's programs: 46 jars from a Maven repository, checked against `jars.lock`, kept once.

`jars.lock` has a line `GROUP:ARTIFACT:VERSION sha256:DIGEST` per jar: `org.apache.kafka:kafka_2.13`
and its runtime dependencies. A mirror and a proxy are taken from Maven's own settings, a proxy
otherwise from the environment.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from takt.standalone.errors import StartError, disk_full

LOCK = Path(__file__).with_name("jars.lock")
CENTRAL = "https://repo.maven.apache.org/maven2"
MIRRORS_OF_CENTRAL = {"*", "central", "external:*"}
TIMEOUT_SECONDS = 30
DOWNLOADS_AT_ONCE = 8
WITHOUT = "or start without --kafka, or name a broker that runs already: --kafka HOST:PORT."

Progress = Callable[[int, int], None]
"""Told how many of how many jars are there."""


@dataclass(frozen=True)
class Repository:
    """Where jars come from, and how to get there."""

    url: str = CENTRAL
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Jar:
    """One line of `jars.lock`."""

    coordinates: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name that the jar gets in the cache."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


def jars_of(lock: Path = LOCK) -> list[Jar]:
    """The jars that a lock file names."""
    lines = lock.read_text().splitlines()
    return [Jar(*line.split(" sha256:")) for line in lines]


def cache_folder() -> Path:
    """Where the jars are kept for every Takt of this user."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "takt" / "kafka"


def fetch_jars(
    cache: Path,
    repository: Repository | None = None,
    progress: Progress | None = None,
    lock_file: Path = LOCK,
) -> list[Path]:
    """Bring the cache up to `jars.lock`; a second Takt that wants the same waits for the first.

    Raises: StartError: no way to the repository, a jar that is not the one in the lock, a full
        disk.
    """
    jars = jars_of(lock_file)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            missing = [jar for jar in jars if digest(cache / jar.file_name) != jar.sha256]
            if missing:
                fetch_missing(missing, cache, repository or maven_repository(), progress)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full(cache) from error
        raise StartError(
            f"The folder {cache} for Kafka's programs cannot be used: {error.strerror}.",
            "Let this user write there, or name another with XDG_CACHE_HOME.",
        ) from error
    return [cache / jar.file_name for jar in jars]


def fetch_missing(
    missing: list[Jar], cache: Path, repository: Repository, progress: Progress | None
) -> None:
    """Fetch several jars at once; the first failure ends it."""
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        try:
            fetched = pool.map(lambda jar: fetch(jar, cache, repository), missing)
            for count, _ in enumerate(fetched, start=1):
                if progress:
                    progress(count, len(missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def fetch(jar: Jar, cache: Path, repository: Repository) -> None:
    """Fetch one jar; it gets its name in the cache only when it is the one in the lock."""
    from maven_artifact import Artifact
    from maven_artifact.requestor import Requestor
    from maven_artifact.resolver import Resolver

    def fail(url: str, error: Exception) -> NoReturn:
        raise StartError(
            f"Kafka's program {jar.coordinates} could not be fetched from {url}: {error}",
            "Connect to the network, name a mirror or proxy in ~/.m2/settings.xml "
            f"(a proxy also in HTTPS_PROXY), {WITHOUT}",
        ) from error

    requestor = Requestor(username=repository.username, password=repository.password)
    url = Resolver(repository.url, requestor).uri_for_artifact(Artifact.parse(jar.coordinates))
    way = {"proxies": dict(repository.proxies)} if repository.proxies else {}
    response = requestor.request(url, fail, timeout=TIMEOUT_SECONDS, **way)
    found = hashlib.sha256(response.content).hexdigest()
    if found != jar.sha256:
        raise StartError(
            f"Kafka's program {jar.coordinates} from {url} is not the expected one: "
            f"its SHA-256 is {found}, jars.lock says {jar.sha256}.",
            f"Ask whoever runs the mirror {repository.url} why it differs, {WITHOUT}",
        )
    part = cache / f"{jar.file_name}.part"
    try:
        part.write_bytes(response.content)
        part.rename(cache / jar.file_name)
    finally:
        part.unlink(missing_ok=True)


def digest(path: Path) -> str | None:
    """The SHA-256 of a file; None where there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def maven_repository(
    settings: tuple[Path, ...] = (
        Path("~/.m2/settings.xml").expanduser(),
        Path("/etc/maven/settings.xml"),
    ),
) -> Repository:
    """Maven Central, or the mirror and proxy of Maven's settings; the user's file goes first."""
    for path in settings:
        if path.exists():
            try:
                root = ElementTree.parse(path).getroot()
            except ElementTree.ParseError as error:
                raise StartError(
                    f"Maven's settings {path} cannot be read: {error}.",
                    "Correct or remove the file.",
                ) from error
            repository = repository_in(root)
            if repository != Repository():
                return repository
    return Repository()


def repository_in(root: ElementTree.Element) -> Repository:
    """The repository that stands for Maven Central in a `settings.xml`."""

    def text(element: ElementTree.Element, name: str) -> str | None:
        found = element.findtext(f"{{*}}{name}")
        return found.strip() if found else None

    url, username, password = CENTRAL, None, None
    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        covered = {part.strip() for part in (text(mirror, "mirrorOf") or "").split(",")}
        if covered & MIRRORS_OF_CENTRAL and "!central" not in covered:
            url = (text(mirror, "url") or CENTRAL).rstrip("/")
            for server in root.iterfind("{*}servers/{*}server"):
                if text(server, "id") == text(mirror, "id"):
                    username, password = text(server, "username"), text(server, "password")
            break
    proxies = {}
    for proxy in root.iterfind("{*}proxies/{*}proxy"):
        if text(proxy, "active") != "false" and (host := text(proxy, "host")):
            address = f"http://{host}:{text(proxy, 'port') or 8080}"
            proxies = {"http": address, "https": address}
            break
    return Repository(url, username, password, proxies)
