"""Which addresses a webhook may go to.

`is_global` of the standard library is not enough: NAT64, 6to4, multicast and site-local
addresses pass it, and each can lead into a private network. So IPv6 is refused unless it is
global unicast, and every range that carries or stands for another address is named here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2048
DEFAULT_PORTS = {"https": 443, "http": 80}

NEVER = tuple(
    ip_network(text)
    for text in ("0.0.0.0/32", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8")
)
"""No receiver can listen there, whatever an administrator allows."""

REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocols, with Teredo and ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
ISATAP_IDENTIFIERS = (0x00005EFE, 0x02005EFE)

HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


class AddressRefusedError(ValueError):
    """A webhook must not go there; the text says why and what would help."""


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook URL, taken apart; `host` is a lower-case name or a literal without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The host as an address, when it is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Take a webhook URL apart.

    Only what every parser reads alike is let through: no user information, control characters,
    backslashes, fragments, address in unusual notation or zone.

    Raises:
        AddressRefusedError: it is anything else.
    """
    if len(url) > LONGEST_URL:
        raise AddressRefusedError(f"the URL has {len(url)} characters; at most {LONGEST_URL}")
    if re.search(r"[^\x21-\x7e]|[\\#<>\"^`{|}]", url):
        raise AddressRefusedError("the URL has a character that must be percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError(f"the URL cannot be read ({error})") from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise AddressRefusedError(
            f"scheme {scheme or 'missing'!r} is not https; give an https:// URL"
        )
    if "@" in parts.netloc:
        raise AddressRefusedError("the URL carries user information; leave it out")
    if port == 0:
        raise AddressRefusedError("port 0 is not a port")
    host = (parts.hostname or "").removesuffix(".")
    if parts.netloc.startswith("["):
        host = _ipv6_literal(host)
    elif re.fullmatch(r"[0-9.]+", host):
        host = _ipv4_literal(host)
    elif not HOST_NAME.fullmatch(host) or re.search(r"(^|\.)0x[0-9a-f]*$", host):
        raise AddressRefusedError(f"host {host!r} is not a host name")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, host, port or DEFAULT_PORTS[scheme], path)


def check_address(address: Address, scheme: str, allowed: Sequence[Network]) -> None:
    """Let pass a public address over https, or one that the administrator allows.

    Args:
        address: what the name resolved to.
        scheme: `http` passes only where `allowed` covers the address.
        allowed: the administrator's CIDR ranges for receivers on the premises.

    Raises:
        AddressRefusedError: the address must not be connected to.
    """
    if any(address in network for network in NEVER):
        raise AddressRefusedError(f"{address} is no receiver's address")
    if getattr(address, "scope_id", None) is None and any(address in net for net in allowed):
        return
    if scheme != "https":
        raise AddressRefusedError(
            f"http to {address} is refused; use https, or let an administrator allow its range"
        )
    if not _is_public(address):
        raise AddressRefusedError(
            f"{address} is not a public address; an administrator can allow its range"
        )


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in REFUSED_V4)
    if address.scope_id is not None or address not in GLOBAL_UNICAST_V6:
        return False
    if any(address in network for network in REFUSED_V6) or not address.is_global:
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in ISATAP_IDENTIFIERS


def _ipv6_literal(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        raise AddressRefusedError(f"[{host}] is not an IPv6 address") from None
    if address.scope_id is not None:
        raise AddressRefusedError(f"[{host}] names a zone of this machine; leave it out")
    return str(address)


def _ipv4_literal(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise AddressRefusedError(f"{host} is not an IPv4 address in four decimal parts") from None
