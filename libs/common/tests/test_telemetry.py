"""Logs tell no secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from takt.common.auth import make_key
from takt.common.telemetry import configure, redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("postgresql://deals:s3cr3t@host/takt_deals", "postgresql://deals:…@host/takt_deals"),
        ("secret whsec_MfKQ9r8GKYqrTwjU+/=", "secret whsec_…"),
        ("key takt_0a1b2c3d_Zz-_9", "key takt_0a1b2c3d_…"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("nothing to hide: 12:30", "nothing to hide: 12:30"),
    ],
)
def test_secrets_are_cut_and_the_rest_is_kept(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_no_part_of_a_key_s_secret_is_shown() -> None:
    key, prefix, _ = make_key()
    assert redact(f"used {key} twice: {key}") == f"used takt_{prefix}_… twice: takt_{prefix}_…"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure(stream_is_terminal=False, handler=logging.StreamHandler(stream))
    yield stream
    root.handlers, root.level = handlers, level


def test_outside_a_terminal_each_log_is_a_line_of_json_without_secrets(lines: io.StringIO) -> None:
    try:
        raise ValueError("postgresql://deals:s3cr3t@host/x")
    except ValueError:
        logging.getLogger("takt.test").exception("with %s", "Bearer abc")
    (line,) = lines.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == (
        "error",
        "takt.test",
        "with Bearer …",
    )
    assert "s3cr3t" not in line
    assert "ValueError" in said["exception"]
