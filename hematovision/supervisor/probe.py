"""Asks the running portal how it is."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping

from hematovision.supervisor.environment import ALWAYS_ALLOWED
from hematovision.supervisor.parts import Address


def missing_parts(address: Address, env: Mapping[str, str]) -> list[str]:
    """Return the parts that ``/healthz`` misses; ``web`` alone when nobody answers there."""
    target = "127.0.0.1" if address.everywhere else address.host
    named = (
        env.get("ALLOWED_HOSTS", ALWAYS_ALLOWED).split(",")[0].strip().lstrip(".").replace("*", "localhost")
    )
    connection = http.client.HTTPConnection(target, address.port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"Host": named})
        report = json.loads(connection.getresponse().read())
        return [name for name, state in report["parts"].items() if state != "ok"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["web"]
    finally:
        connection.close()
