from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from takt.alerting.domain.addresses import AddressRefusedError, check_address, parse_target

REFUSED = (Path(__file__).parent / "refused_addresses.txt").read_text().split()


@pytest.mark.parametrize("text", REFUSED)
def test_an_address_that_is_not_public_is_refused(text):
    with pytest.raises(AddressRefusedError):
        check_address(ip_address(text), "https", ())


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"]
)
def test_a_public_address_passes_over_https_only(text):
    check_address(ip_address(text), "https", ())
    with pytest.raises(AddressRefusedError, match="use https"):
        check_address(ip_address(text), "http", ())


def test_an_administrator_can_allow_a_range_and_with_it_http():
    allowed = [ip_network("10.1.0.0/16")]
    check_address(ip_address("10.1.2.3"), "http", allowed)
    check_address(ip_address("10.1.2.3"), "https", allowed)
    with pytest.raises(AddressRefusedError):
        check_address(ip_address("10.2.0.1"), "https", allowed)


def test_a_mapped_address_is_not_the_one_that_was_allowed():
    with pytest.raises(AddressRefusedError):
        check_address(ip_address("::ffff:10.1.2.3"), "https", [ip_network("10.0.0.0/8")])


@pytest.mark.parametrize("text", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"])
def test_nobody_can_allow_what_no_receiver_has(text):
    with pytest.raises(AddressRefusedError, match="no receiver"):
        check_address(ip_address(text), "https", [ip_network("0.0.0.0/0"), ip_network("::/0")])


def test_a_plain_url_is_taken_apart():
    target = parse_target("https://Hooks.Example.com:8443/in?a=1")
    assert (target.host, target.port, target.path) == ("hooks.example.com", 8443, "/in?a=1")
    assert target.authority == "hooks.example.com:8443"
    assert parse_target("https://example.com").path == "/"
    assert parse_target("https://example.com.").authority == "example.com"
    assert parse_target("https://[2606:4700::1]/x").authority == "[2606:4700::1]"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://example.com",
        "https://",
        "https:///path",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://good.com@evil.com",
        "https://good.com\\@evil.com",
        "https://exa mple.com",
        "https://example.com/\r\nHost: evil",
        "https://example.com\x00.evil",
        "https://example.com/#fragment",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.01/",
        "https://1.2.3.4.5/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://\u24d4xample.com/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:7f.1]/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:https/",
        "https://-bad.example/",
        "https://a..b/",
        "https://" + "a" * 3000,
    ],
)
def test_what_parsers_could_read_differently_is_refused(url):
    with pytest.raises(AddressRefusedError):
        parse_target(url)
