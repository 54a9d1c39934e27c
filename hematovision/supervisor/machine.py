"""Under which names and addresses other machines may call this one."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

import psutil

from hematovision.supervisor.parts import Address

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def names(address: Address, allowed: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every name and address that a certificate for ``address`` has to hold, each once.

    ``allowed`` are the names of ALLOWED_HOSTS; a pattern such as ``.lab.example`` or ``*`` names no machine.
    """
    own = tuple(of_this_machine()) if address.everywhere else (address.host,)
    given = (name.strip("[]") for name in allowed if not name.startswith((".", "*")))
    return tuple(dict.fromkeys((*own, *given, *LOOPBACK)))


def of_this_machine() -> Iterator[str]:
    """Yield the host's names, that of multicast DNS, which phones know, and every address it has now."""
    host = socket.gethostname().lower()
    yield host
    yield f"{host.partition('.')[0]}.local"
    full = socket.getfqdn().lower()
    if full != host and not is_address(full):
        yield full
    for entries in psutil.net_if_addrs().values():
        for entry in entries:
            # An address that holds for one link only carries the link's name, which no certificate can.
            if entry.family in {socket.AF_INET, socket.AF_INET6} and "%" not in entry.address:
                yield entry.address


def is_address(name: str) -> bool:
    """Whether ``name`` is an IP address rather than a host's name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
