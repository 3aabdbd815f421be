"""Standard Webhooks signatures: what a receiver verifies (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST_SECRET_BYTES, LONGEST_SECRET_BYTES = 24, 64
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret, `whsec_` and base64; `expires_at` is None for the current one."""

    value: str
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Secret({PREFIX}…, expires_at={self.expires_at!r})"


def secret_of(key: bytes) -> str:
    """The text form of a key.

    Raises:
        ValueError: the key does not have 24 to 64 bytes.
    """
    if not SHORTEST_SECRET_BYTES <= len(key) <= LONGEST_SECRET_BYTES:
        raise ValueError(f"a secret has 24 to 64 bytes, not {len(key)}")
    return PREFIX + base64.b64encode(key).decode()


def rotate(secrets: Sequence[Secret], new: str, now: datetime) -> tuple[Secret, ...]:
    """The new secret first; those in use go on for `OVERLAP`, so receivers can change over."""
    kept = [
        Secret(secret.value, min(secret.expires_at or now + OVERLAP, now + OVERLAP))
        for secret in live(secrets, now)
    ]
    return (Secret(new), *kept)


def live(secrets: Sequence[Secret], now: datetime) -> tuple[Secret, ...]:
    """The secrets that sign at `now`."""
    return tuple(s for s in secrets if s.expires_at is None or s.expires_at > now)


def sign(
    message_id: str, timestamp: datetime, body: bytes, secrets: Sequence[Secret]
) -> dict[str, str]:
    """The three headers, with one signature for each secret, separated by spaces."""
    seconds = str(int(timestamp.timestamp()))
    content = f"{message_id}.{seconds}.".encode() + body
    signatures = (_signature(secret.value, content) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
