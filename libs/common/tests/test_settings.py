"""How a secured Kafka is entered, as the environment or files say."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from takt.common.app import log_of
from takt.common.bus import LogUnavailable, kafka
from takt.common.contracts.topics import SALES
from takt.common.settings import SharedSettings

SECURED = {
    "TAKT_KAFKA": "127.0.0.1:1",
    "TAKT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "TAKT_KAFKA_USER": "takt",
    "TAKT_KAFKA_PASSWORD": "hush",
    "TAKT_ACCESS_URL": "postgresql://takt_access@/takt_access",
}
SetAll = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> SetAll:
    """Set what a secured Kafka needs, but for what is given otherwise; None: not at all."""

    def set_all(**changes: str | None) -> None:
        for name, value in {**SECURED, **changes}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_all


async def test_every_client_of_a_secured_kafka_enters_it_with_name_and_password(
    environment: SetAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment()
    made: dict[str, dict[str, Any]] = {}
    for name in ("AIOKafkaProducer", "AIOKafkaConsumer", "AIOKafkaAdminClient"):
        client = getattr(kafka, name)

        def watched(*topics: str, client: Any = client, name: str = name, **given: Any) -> Any:
            made[name] = given
            return client(*topics, **given)

        monkeypatch.setattr(kafka, name, watched)
    log = log_of(SharedSettings())
    for ask in (log.start(), log.create_topics(), log.subscribe("g", [SALES])):
        with pytest.raises(LogUnavailable):
            await ask
    await log.close()
    assert len(made) == 3
    for given in made.values():
        assert given["security_protocol"] == "SASL_SSL"
        assert given["sasl_mechanism"] == "SCRAM-SHA-512"
        assert (given["sasl_plain_username"], given["sasl_plain_password"]) == ("takt", "hush")
        assert given["ssl_context"].verify_mode is ssl.CERT_REQUIRED
        assert given["ssl_context"].check_hostname


def test_the_password_may_lie_in_a_file(environment: SetAll, tmp_path: Path) -> None:
    environment(TAKT_KAFKA_PASSWORD=None)
    (tmp_path / "takt_kafka_password").write_text("from a file\n")
    settings = SharedSettings(_secrets_dir=tmp_path)
    assert settings.kafka_connection()["sasl_plain_password"] == "from a file"


@pytest.mark.parametrize(
    ("changes", "problem", "remedy"),
    [
        ({"PASSWORD": None}, "there is no TAKT_KAFKA_PASSWORD", "/run/secrets"),
        ({"USER": None, "PASSWORD": ""}, "no TAKT_KAFKA_USER and no TAKT_KAFKA_PASSWORD", "set it"),
        ({"SECURITY_PROTOCOL": None}, "would not be used", "make it SASL_SSL"),
        ({"SECURITY_PROTOCOL": "SSL"}, "would not be used", "make it SASL_SSL"),
        ({"CA_FILE": "/nowhere/ca.pem"}, "/nowhere/ca.pem cannot be read", "name a PEM file"),
        (
            {"SECURITY_PROTOCOL": None, "USER": None, "PASSWORD": None, "CA_FILE": "/ca.pem"},
            "TAKT_KAFKA_CA_FILE would not be used",
            "make it SSL or SASL_SSL",
        ),
        ({"SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "kafka_security_protocol", "SASL_SSL"),
        ({"SASL_MECHANISM": "PLAIN"}, "kafka_sasl_mechanism", "SCRAM-SHA-512"),
    ],
)
def test_half_a_configuration_is_refused_with_its_remedy_and_shows_no_password(
    changes: dict[str, str | None], problem: str, remedy: str, environment: SetAll
) -> None:
    environment(**{f"TAKT_KAFKA_{name}": value for name, value in changes.items()})
    with pytest.raises(ValidationError) as refused:
        SharedSettings()
    assert problem.lower() in str(refused.value).lower()
    assert remedy in str(refused.value)
    assert "hush" not in str(refused.value)


def test_without_a_word_on_security_kafka_is_spoken_to_in_plain_text(environment: SetAll) -> None:
    environment(TAKT_KAFKA_SECURITY_PROTOCOL=None, TAKT_KAFKA_USER=None, TAKT_KAFKA_PASSWORD=None)
    assert SharedSettings().kafka_connection() == {}


@pytest.mark.parametrize(("replication", "in_sync"), [(1, None), (2, None), (3, "2")])
async def test_of_three_copies_two_must_have_a_message(
    replication: int, in_sync: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[kafka.NewTopic] = []

    class Admin:
        """A broker of which three are needed: it notes what it is asked for."""

        topic_errors: tuple[object, ...] = ()

        def __init__(self, **_: object) -> None: ...

        async def start(self) -> None: ...

        async def close(self) -> None: ...

        async def list_topics(self) -> list[str]:
            return []

        async def create_topics(self, topics: list[kafka.NewTopic]) -> "Admin":
            made.extend(topics)
            return self

    monkeypatch.setattr(kafka, "AIOKafkaAdminClient", Admin)
    await kafka.KafkaLog("127.0.0.1:1", replication=replication).create_topics()
    assert made
    assert {topic.replication_factor for topic in made} == {replication}
    assert {topic.topic_configs.get("min.insync.replicas") for topic in made} == {in_sync}
    assert all("max.message.bytes" in topic.topic_configs for topic in made)
