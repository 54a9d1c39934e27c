"""Which addresses the portal may call: public ones, and private ones that the laboratory has named.

An admin of the portal types where deliveries go. Without this check they could make the portal ask its own
database, its neighbours or the cloud's metadata service in their place.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from django.conf import settings
from django.utils.translation import gettext as _

IPAddress: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], list[str]]

# Addresses of IPv6 that a translator turns into the IPv4 address in their last 32 bits (RFC 6052).
TRANSLATED: Final = IPv6Network("64:ff9b::/96")
# All that is public of IPv6 lies here; what lies elsewhere is of a house, of a link, or leads into IPv4.
PUBLIC: Final = IPv6Network("2000::/3")


class OutboundProblem(Exception):  # noqa: N818 -- a problem that is answered, not a mistake
    """A receiver could not be called; ``final`` says that trying again is of no use."""

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final


def broken(error: Exception) -> OutboundProblem:
    """Return what to say of a failed connection: the reason in words, without the system's numbers."""
    why = re.sub(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$", "", str(error)) or type(error).__name__
    return OutboundProblem(_("The connection failed: %(why)s.") % {"why": why}, final=False)


def lookup(host: str, port: int) -> list[str]:
    """Return the addresses of a name, best first.

    Raises:
        OSError: nobody knows it.
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def checked(host: str, port: int, *, encrypted: bool, resolve: Resolve = lookup) -> list[str]:
    """Resolve a name once and return its addresses, all of which may be called.

    Args:
        encrypted: whether TLS will be spoken; without it only the laboratory's own networks are called.

    Raises:
        OutboundProblem: the name has no address now, or one of its addresses may not be called.
    """
    try:
        found = [ip_address(text) for text in dict.fromkeys(resolve(host, port))]
    except (OSError, UnicodeError) as error:
        raise OutboundProblem(_("The name %(host)s was not found.") % {"host": host}, final=False) from error
    for address in found:
        _check(host, address, encrypted=encrypted)
    return [str(address) for address in found]


def _check(host: str, address: IPAddress, *, encrypted: bool) -> None:
    real = _unwrapped(address)
    facts = {"host": host, "address": str(address)}
    if any(real in network for network in settings.OUTBOUND_PRIVATE_NETWORKS):
        return
    if not real.is_global or real.is_multicast or (real.version == 6 and real not in PUBLIC):
        raise OutboundProblem(
            _(
                "%(host)s has the address %(address)s, which is not public. Whoever runs the portal allows "
                "it by naming its network in OUTBOUND_PRIVATE_NETWORKS."
            )
            % facts,
            final=True,
        )
    if not encrypted:
        raise OutboundProblem(
            _(
                "%(host)s has the public address %(address)s and would be called unencrypted. Use TLS; only "
                "networks in OUTBOUND_PRIVATE_NETWORKS are called without."
            )
            % facts,
            final=True,
        )


def _unwrapped(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that one of IPv6 stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
