"""Addresses: which of them a link may lead to, whatever name or spelling it comes under."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254", "fd00:ec2::254",  # instance credentials: AWS, GCP, Azure and others
        "169.254.170.2", "169.254.170.23", "fd00:ec2::23",  # task and pod credentials of AWS
        "169.254.169.253", "fd00:ec2::253",  # resolver of a VPC
        "100.100.100.200", "192.0.0.192", "168.63.129.16",  # Alibaba, Oracle, Azure's host
        "fd20:ce::254",  # GCP over IPv6
    )
)  # fmt: skip
"""Where clouds give out credentials: refused whatever a campaign allows."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
_ISATAP = (0x00005EFE, 0x02005EFE)


def forbidden(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Why no connection may go there, in a few words; None where it may.

    `allowed` are networks that are not public and may be asked all the same. An IPv4 address inside
    an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64, ISATAP) counts as itself.
    """
    for one in (address, *_inside(address)):
        if one in METADATA:
            return f"{address} is where clouds give out credentials"
        if any(one.version == net.version and one in net for net in allowed):
            continue
        if (why := _not_public(one)) is not None:
            return f"{address} is {why}"
    return None


def _inside(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """IPv4 addresses that packets to an IPv6 address may end at."""
    if not isinstance(address, ipaddress.IPv6Address):
        return
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    special = address.is_unspecified or address.is_loopback
    if address in _NAT64 or address in _NAT64_LOCAL or (address in _COMPATIBLE and not special):
        yield low
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield low


def _not_public(address: Address) -> str | None:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None or address in _NAT64:
            return None  # judged as what it stands for
        if address in _NAT64_LOCAL or address in _SITE_LOCAL or address in _COMPATIBLE:
            return "not public"
    for said, is_so in (
        ("unspecified", address.is_unspecified),
        ("this machine", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("shared by carriers", address in _SHARED),
        ("private", address.is_private),
        ("reserved", address.is_reserved or not address.is_global),
    ):
        if is_so:
            return said
    return None
