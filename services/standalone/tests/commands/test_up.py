from datetime import UTC, datetime

import pytest

from takt.standalone.cli import spelled_out
from takt.standalone.commands.output import CommandError
from takt.standalone.commands.up import read_instant
from takt.standalone.errors import StartError
from takt.standalone.up import kafka_connection


def test_a_business_time_is_a_date_or_a_time_with_its_zone() -> None:
    assert read_instant("2017-12-31") == datetime(2017, 12, 31, tzinfo=UTC)
    assert read_instant("2017-12-31T09:00+01:00") == datetime(2017, 12, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("yesterday", "is no time"),
        ("2017-12-31T09:00", "has no time zone"),
        ("2017-13-01", "no time"),
    ],
)
def test_any_other_business_time_is_refused_with_its_value(text: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem) as refused:
        read_instant(text)
    assert repr(text) in refused.value.problem
    assert refused.value.code == 2


def test_half_of_what_a_secured_kafka_needs_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAKT_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("TAKT_KAFKA_USER", "takt")
    with pytest.raises(StartError) as refused:
        kafka_connection()
    assert "there is no TAKT_KAFKA_PASSWORD" in refused.value.problem


def test_kafka_without_an_address_means_a_broker_of_our_own() -> None:
    assert spelled_out(["up", "--kafka"]) == ["up", "--kafka=own"]
    assert spelled_out(["up", "--kafka", "--empty"]) == ["up", "--kafka=own", "--empty"]
    assert spelled_out(["up", "--kafka", "h:9092"]) == ["up", "--kafka", "h:9092"]
