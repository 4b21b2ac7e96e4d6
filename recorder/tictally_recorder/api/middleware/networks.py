"""Addresses of clients and whether they are in a network; the paths that a proxy may show us below."""

import ipaddress
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # settings import this module, and are loaded where there is no server
    from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# It becomes part of addresses in responses: nothing but a plain path, and never `//`, which would name another host.
PREFIX_PATH: Final = re.compile(r"(/(?!\.)[A-Za-z0-9._~-]{1,128}){1,8}")


def client_of(scope: "Scope") -> str:
    """Who sent a request: the IPv4 address, or the network of an IPv6 one, of which every device has many."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return client[0] if client else ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def is_in_networks(address: str, networks: Iterable[Network]) -> bool:
    """True if an address is in one of the networks; an IPv4-mapped IPv6 address counts as IPv4."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in networks)


def is_address(name: str) -> bool:
    """True if a host name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
