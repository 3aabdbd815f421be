import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from takt.standalone.errors import StartError
from takt.standalone.jars import Jar, Repository, fetch_jars, jars_of, maven_repository

CONTENT = b"a jar"
COORDINATES = "org.example:thing:1.0"
PLACE = "org/example/thing/1.0/thing-1.0.jar"


@pytest.fixture
def one_jar(tmp_path: Path) -> Path:
    lock = tmp_path / "jars.lock"
    lock.write_text(f"{COORDINATES} sha256:{hashlib.sha256(CONTENT).hexdigest()}\n")
    return lock


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    root = tmp_path / "mirror"
    (root / PLACE).parent.mkdir(parents=True)
    (root / PLACE).write_bytes(CONTENT)
    handler = partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", root
        server.shutdown()
        thread.join()


def test_the_lock_names_every_jar_with_its_digest() -> None:
    found = jars_of()
    assert len(found) == 46
    assert (
        Jar(
            "org.apache.kafka:kafka_2.13:4.3.0",
            "e3669cb733f657689f71cba145af51022f29cebba81d8bf69699274b46c70da8",
        )
        in found
    )


def test_a_jar_is_fetched_once_and_then_found(
    tmp_path: Path, one_jar: Path, mirror: tuple[str, Path]
) -> None:
    url, root = mirror
    told: list[tuple[int, int]] = []
    cache = tmp_path / "cache"
    [jar] = fetch_jars(cache, Repository(url), lambda *count: told.append(count), one_jar)
    assert jar.read_bytes() == CONTENT
    assert told == [(1, 1)]
    shutil.rmtree(root)
    assert fetch_jars(cache, Repository(url), lock_file=one_jar) == [jar]


def test_a_jar_that_was_damaged_in_the_cache_is_fetched_again(
    tmp_path: Path, one_jar: Path, mirror: tuple[str, Path]
) -> None:
    url, _ = mirror
    cache = tmp_path / "cache"
    [jar] = fetch_jars(cache, Repository(url), lock_file=one_jar)
    jar.write_bytes(b"half")
    fetch_jars(cache, Repository(url), lock_file=one_jar)
    assert jar.read_bytes() == CONTENT


def test_a_jar_that_is_not_the_one_in_the_lock_is_refused_and_not_kept(
    tmp_path: Path, one_jar: Path, mirror: tuple[str, Path]
) -> None:
    url, root = mirror
    (root / PLACE).write_bytes(b"another jar")
    with pytest.raises(StartError) as refused:
        fetch_jars(tmp_path / "cache", Repository(url), lock_file=one_jar)
    assert COORDINATES in refused.value.problem
    assert hashlib.sha256(b"another jar").hexdigest() in refused.value.problem
    assert not list((tmp_path / "cache").glob("*jar*"))


def test_without_a_network_the_error_names_the_address_and_the_ways_out(
    tmp_path: Path, one_jar: Path
) -> None:
    with pytest.raises(StartError) as refused:
        fetch_jars(tmp_path / "cache", Repository("http://127.0.0.1:9"), lock_file=one_jar)
    assert f"http://127.0.0.1:9/{PLACE}" in refused.value.problem
    assert "settings.xml" in refused.value.remedy
    assert "--kafka HOST:PORT" in refused.value.remedy


SETTINGS = """<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
  <mirrors>
    <mirror><id>blocker</id><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url></mirror>
    <mirror><id>house</id><mirrorOf>*,!private</mirrorOf><url>https://jars.example/m2/</url></mirror>
  </mirrors>
  <servers><server><id>house</id><username>ada</username><password>x</password></server></servers>
  <proxies><proxy><active>true</active><host>proxy.example</host><port>3128</port></proxy></proxies>
</settings>"""


def test_mirror_credentials_and_proxy_come_from_mavens_settings(tmp_path: Path) -> None:
    settings = tmp_path / "settings.xml"
    settings.write_text(SETTINGS)
    proxy = "http://proxy.example:3128"
    assert maven_repository((tmp_path / "absent.xml", settings)) == Repository(
        "https://jars.example/m2", "ada", "x", {"http": proxy, "https": proxy}
    )
    assert "'x'" not in repr(maven_repository((settings,)))


def test_settings_that_are_not_xml_are_refused_naming_the_file(tmp_path: Path) -> None:
    settings = tmp_path / "settings.xml"
    settings.write_text("<settings>")
    with pytest.raises(StartError, match=r"settings\.xml cannot be read"):
        maven_repository((settings,))
