import pytest
from cryptography.fernet import Fernet, InvalidToken

from takt.alerting.vault import NoEncryptionKeyError, Sealed, Vault


def key():
    return Fernet.generate_key().decode()


def test_a_sealed_secret_opens_and_does_not_show():
    vault = Vault([key()])
    sealed = vault.seal("whsec_abc")
    assert b"abc" not in sealed
    assert vault.open(sealed) == "whsec_abc"


def test_an_older_key_still_opens_after_a_new_one_is_put_first():
    old, new = key(), key()
    sealed = Vault([old]).seal("whsec_abc")
    assert Vault([new, old]).open(sealed) == "whsec_abc"
    with pytest.raises(InvalidToken):
        Vault([new]).open(sealed)


def test_a_changed_secret_does_not_open():
    vault = Vault([key()])
    sealed = vault.seal("whsec_abc")
    with pytest.raises(InvalidToken):
        vault.open(Sealed(sealed[:-2] + b"AA"))


def test_a_vault_without_a_key_is_locked():
    with pytest.raises(NoEncryptionKeyError, match="ALERTING_WEBHOOK_KEYS"):
        Vault([]).seal("whsec_abc")


def test_what_is_no_key_is_refused():
    with pytest.raises(ValueError, match="32"):
        Vault(["short"])
