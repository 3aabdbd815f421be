"""Webhook secrets at rest: encrypted and authenticated (Fernet), never readable in a backup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType

from cryptography.fernet import Fernet, MultiFernet

Sealed = NewType("Sealed", bytes)


class Vault:
    """Seals with the first key and opens with any, so that keys can be replaced one by one."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take URL-safe base64 keys of 32 bytes, the current one first.

        Raises:
            ValueError: there is none, or one is not a key.
        """
        if not keys:
            raise ValueError("webhook secrets need at least one encryption key")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str) -> Sealed:
        """Encrypt a secret."""
        return Sealed(self._fernet.encrypt(secret.encode()))

    def open(self, sealed: Sealed) -> str:
        """Decrypt a secret.

        Raises:
            cryptography.fernet.InvalidToken: no key of this vault sealed it, or it was changed.
        """
        return self._fernet.decrypt(sealed).decode()
