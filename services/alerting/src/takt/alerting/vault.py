"""Webhook secrets at rest: encrypted and authenticated (Fernet), never readable in a backup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType

from cryptography.fernet import Fernet, MultiFernet

Sealed = NewType("Sealed", bytes)


class NoEncryptionKeyError(RuntimeError):
    """This installation has no key to encrypt webhook secrets with."""


class Vault:
    """Seals with the first key and opens with any, so that keys can be replaced one by one."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take URL-safe base64 keys of 32 bytes, the current one first; none leaves it locked.

        Raises:
            ValueError: one is not a key.
        """
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def seal(self, secret: str) -> Sealed:
        """Encrypt a secret.

        Raises:
            NoEncryptionKeyError: the vault was given no key.
        """
        return Sealed(self._unlocked().encrypt(secret.encode()))

    def open(self, sealed: Sealed) -> str:
        """Decrypt a secret.

        Raises:
            NoEncryptionKeyError: the vault was given no key.
            cryptography.fernet.InvalidToken: no key of this vault sealed it, or it was changed.
        """
        return self._unlocked().decrypt(sealed).decode()

    def _unlocked(self) -> MultiFernet:
        if self._fernet is None:
            raise NoEncryptionKeyError("set ALERTING_WEBHOOK_KEYS")
        return self._fernet
