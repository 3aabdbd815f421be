from ipaddress import ip_network

import pytest
from cryptography.fernet import Fernet

from takt.alerting.app import Configuration
from takt.alerting.settings import AlertingSettings

URLS = {"database_url": "postgresql://x/y", "access_url": "postgresql://x/z"}


def test_keys_and_networks_come_from_the_environment_separated_by_commas(monkeypatch):
    new, old = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv("ALERTING_WEBHOOK_KEYS", f"{new},{old}\n")
    monkeypatch.setenv("ALERTING_WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/8, fd00::/8")
    settings = AlertingSettings(**URLS)
    assert settings.webhook_allowed_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    vault = Configuration.of(settings).outgoing.vault
    assert vault.open(vault.seal("whsec_abc")) == "whsec_abc"
    assert new not in repr(settings)


def test_production_does_not_start_without_a_key_for_secrets():
    with pytest.raises(ValueError, match="ALERTING_WEBHOOK_KEYS"):
        AlertingSettings(**URLS, environment="production")


def test_limits_can_be_set(monkeypatch):
    monkeypatch.setenv("ALERTING_MINIMUM_VOLUME", "2.5")
    assert str(AlertingSettings(**URLS).limits.minimum_volume) == "2.5"


def test_a_secret_file_can_hold_the_key(tmp_path):
    key = Fernet.generate_key().decode()
    (tmp_path / "alerting_webhook_keys").write_text(key + "\n")
    settings = AlertingSettings(**URLS, environment="production", _secrets_dir=tmp_path)
    assert [found.get_secret_value() for found in settings.webhook_keys] == [key]
