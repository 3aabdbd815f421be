"""Which form of a file a browser is sent."""

import pytest

from takt.console.domain.encoding import encoding_for


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("BR ; Q=0.000, gzip;q=0.1", "gzip"),
        ("br;q=nonsense", "br"),
        ("*", "br"),
        ("*, br;q=0", "gzip"),
        ("*;q=0", None),
        ("identity", None),
        ("deflate, zstd", None),
        ("brotli", None),
        ("", None),
        (",;=,", None),
    ],
)
def test_the_smallest_that_is_accepted(accepted: str, sent: str | None) -> None:
    assert encoding_for(accepted, ["gzip", "br"]) == sent


def test_only_what_is_there_is_sent() -> None:
    assert encoding_for("br, gzip", ["gzip"]) == "gzip"
    assert encoding_for("br, gzip", []) is None
