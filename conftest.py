"""What every test may ask for: a real PostgreSQL and a real Kafka, made once and only if needed.

Taken from the environment where given, else from containers where an engine answers, else started
by Python alone. Under pytest-xdist each worker has its own PostgreSQL (a second of work); with
`--dist loadgroup` all tests that need Kafka share one worker, and so one broker.
"""

import os
import signal
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

# One thread a process for numerics, as services run; read when the libraries are loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell lets what it starts in the background ignore Ctrl-C, and so would every process of a test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A first case may import scipy, or build a table of all characters: seconds on a busy machine.
settings.register_profile("takt", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("takt")

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.0"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which PostgreSQL and which Kafka the tests ran against, in quiet runs too."""
    postgres, kafka = source("TAKT_TEST_DATABASE"), source("TAKT_TEST_KAFKA")
    terminalreporter.write_line(f"takt: PostgreSQL {postgres}, Kafka {kafka}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that need Kafka on one worker."""
    for item in items:
        if "kafka_bootstrap" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
            item.add_marker(pytest.mark.xdist_group("kafka"))


def source(variable: str) -> str:
    """Where a server comes from, in words."""
    if os.environ.get(variable):
        return f"from {variable}"
    if container_engine_answers():
        return f"in a container ({variable} would name another)"
    return f"by Python alone ({variable} would name another)"


def container_engine_answers() -> bool:
    """Does a container engine answer where Docker's clients look for one? Known within a second."""
    address = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    local = address.scheme == "unix"
    try:
        with socket.socket(socket.AF_UNIX if local else socket.AF_INET) as engine:
            engine.settimeout(1)
            engine.connect(address.path if local else (address.hostname, address.port))
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(64)
    except OSError:
        return False


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL superuser who may make databases and roles."""
    if given := os.environ.get("TAKT_TEST_DATABASE"):
        yield given
    elif container_engine_answers():
        from testcontainers.community.postgres import PostgresContainer
        from testcontainers.core.config import testcontainers_config

        testcontainers_config.ryuk_disabled = True
        container = PostgresContainer(POSTGRES_IMAGE, driver=None).with_command("-c fsync=off")
        with container as server:
            yield server.get_connection_url()
    else:
        from takt.standalone.postgres import ephemeral

        with ephemeral() as server:
            yield server.admin_url


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The `host:port` of a Kafka broker on which topics may be made."""
    if given := os.environ.get("TAKT_TEST_KAFKA"):
        yield given
    elif container_engine_answers():
        yield from kafka_in_a_container()
    else:
        from takt.standalone.kafka import Kafka
        from takt.standalone.temporary import temporary_folder

        with temporary_folder() as folder:
            broker = Kafka(folder / "kafka")
            broker.start()
            try:
                yield broker.bootstrap
            finally:
                broker.stop()


def kafka_in_a_container() -> Iterator[str]:
    """A broker with a listener for itself and one for us, whose port is known beforehand."""
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    testcontainers_config.ryuk_disabled = True
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "INSIDE://:19092,OUTSIDE://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"INSIDE://localhost:19092,OUTSIDE://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INSIDE",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": (
            "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT"
        ),
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "8",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in settings.items():
        container.with_env(name, value)
    with container.waiting_for(LogMessageWaitStrategy("Kafka Server started")):
        yield f"127.0.0.1:{port}"
