"""Functions on address ranges and ports. Texts that are no range are an error, never false."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

from agent.cel.errors import Fault

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# a first octet of IPv4, and more IPv6 than any one holder is given (the largest have a /19)
_WIDE: Final = {4: 8, 6: 16}
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_PORT_MAX: Final = 65535
# holes of the address plan (RFC 6890 and the IANA registries) that no one on the Internet routes
_SPECIAL: Final = tuple(
    ipaddress.ip_network(text)
    for text in [
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ]
)


@lru_cache(maxsize=4096)
def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Fault("value", f"{text[:60]!r} is not an address range") from None


def check_network(text: str) -> None:
    """Check what a literal range must fulfil."""
    _network(text)


def cidr_contains(outer: str, inner: str) -> bool:
    """Whether every address of `inner` (a range or one address) is in `outer`.

    Ranges of different families contain nothing of each other.
    """
    return _within(_network(inner), _network(outer))


def _within(inner: _Network, outer: _Network) -> bool:
    return (
        inner.version == outer.version
        and inner.prefixlen >= outer.prefixlen
        and inner.network_address in outer
    )


@lru_cache(maxsize=4096)
def is_public_cidr(text: str) -> bool:
    """Whether a range admits the Internet at large: 0.0.0.0/0, ::/0, and ranges nearly as wide.

    True for an IPv4 prefix of at most 8 bits and an IPv6 prefix of at most 16, unless the range
    lies wholly in private, shared, link-local, loopback, multicast or reserved space
    (so 0.0.0.0/1, 52.0.0.0/8 and 2000::/3 are public; 10.0.0.0/8, fc00::/7 and 52.0.0.0/9 not).
    """
    network = _network(text)
    wide = network.prefixlen <= _WIDE[network.version]
    return wide and not any(_within(network, special) for special in _SPECIAL)


def port_in_range(ports: str, port: int) -> bool:
    """Whether a port is in a range written as `22`, `1000-2000` or `*` (all)."""
    if ports == "*":
        return 0 <= port <= _PORT_MAX
    low, high = _range(ports)
    return low <= port <= high


def _range(text: str) -> tuple[int, int]:
    match = _PORTS.fullmatch(text.strip())
    if match is None:
        raise Fault("value", f"{text[:40]!r} is not a range of ports")
    low, high = int(match[1]), int(match[2] or match[1])
    if not low <= high <= _PORT_MAX:
        raise Fault("value", f"{text[:40]!r} is not a range of ports")
    return low, high


def check_ports(text: str) -> None:
    """Check what a literal range must fulfil."""
    if text != "*":
        _range(text)


def port_between(low: int, high: int, port: int) -> bool:
    """Whether `low <= port <= high`; a low of -1 is AWS's way to write all ports."""
    return low == -1 or low <= port <= high
