import os
import socket

import pytest

from takt.standalone.errors import StartError
from takt.standalone.ports import DEFAULT_PORT, TRIED, asked_port, free_ports, listen


def test_a_taken_port_that_was_asked_for_is_refused_naming_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError) as refused:
            listen("127.0.0.1", port)
    assert f"Port {port} is taken by" in refused.value.problem
    assert f"(process {os.getpid()})" in refused.value.problem
    assert "--port" in refused.value.remedy


def test_without_a_wish_the_next_free_port_is_taken() -> None:
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        ports = [first.getsockname()[1], second.getsockname()[1]]
        assert ports[0] < ports[1]
        assert all(DEFAULT_PORT <= port < DEFAULT_PORT + TRIED for port in ports)


def test_free_ports_are_different_ones() -> None:
    assert len(set(free_ports(200))) == 200


def test_a_port_is_asked_for_by_option_then_by_takt_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKT_PORT", "9001")
    assert asked_port(9000) == 9000
    assert asked_port(None) == 9001
    monkeypatch.delenv("TAKT_PORT")
    assert asked_port(None) is None


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_a_takt_port_that_is_no_port_is_refused_with_its_value(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKT_PORT", text)
    with pytest.raises(StartError, match=repr(text)):
        asked_port(None)
