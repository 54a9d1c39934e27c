"""Asks the running portal how it is."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path

from hematovision.supervisor.parts import ALWAYS_ALLOWED, Address


def missing_parts(address: Address, env: Mapping[str, str], certificate: Path | None = None) -> list[str]:
    """Return the parts that ``/healthz`` misses; ``web`` alone when nobody answers there.

    With ``certificate`` only a server that shows this very certificate counts.
    """
    target = "127.0.0.1" if address.everywhere else address.host
    named = (
        env.get("ALLOWED_HOSTS", ALWAYS_ALLOWED).split(",")[0].strip().lstrip(".").replace("*", "localhost")
    )
    connection = connect(target, address, certificate)
    try:
        connection.request("GET", "/healthz", headers={"Host": named})
        report = json.loads(connection.getresponse().read())
        return [name for name, state in report["parts"].items() if state != "ok"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["web"]
    finally:
        connection.close()


def connect(target: str, address: Address, certificate: Path | None) -> http.client.HTTPConnection:
    """Return a connection that opens with its first request."""
    if certificate is None:
        return http.client.HTTPConnection(target, address.port, timeout=10)
    context = ssl.create_default_context(cafile=certificate)
    # The certificate itself is what is trusted; it need not hold the loopback address that is asked.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return http.client.HTTPSConnection(target, address.port, timeout=10, context=context)
