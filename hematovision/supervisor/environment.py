"""The environment of the portal's own processes: what the user set, and safe values for what they did not."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hematovision import env as read
from hematovision.supervisor import machine, vault
from hematovision.supervisor.parts import ALWAYS_ALLOWED, Address

# What a command needs to work on the same data; the owner's address is not among it.
SHARED = (
    "DJANGO_SETTINGS_MODULE",
    "HV_VAR",
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "SECRET_KEY_FALLBACKS",
    "SECRET_KEY_FALLBACKS_FILE",
    "HTTPS",
    "HSTS_SECONDS",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "REDIS_URL",
)


def build(address: Address, var: Path) -> dict[str, str]:
    """Return the environment without the servers' addresses, which are known once the servers run.

    Plain HTTP is assumed for this machine's own address only; every other one is expected behind HTTPS.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_OWNER_URL")}
    env["DJANGO_SETTINGS_MODULE"] = "hematovision.settings.prod"
    env["HV_VAR"] = str(var)
    env["PYTHONUNBUFFERED"] = "1"
    if "SECRET_KEY_FILE" not in env:
        env.setdefault("SECRET_KEY", vault.secret(var / "secrets", "secret-key"))
    if address.tls:
        env["HTTPS"] = "yes"
        # Browsers apply HSTS to every port of a host: it would shut out whatever else this machine serves.
        env.setdefault("HSTS_SECONDS", "0")
        env["ALLOWED_HOSTS"] = ",".join(hosts(address))
    elif address.loopback:
        env.setdefault("HTTPS", "no")
    if not address.everywhere:
        env.setdefault("ALLOWED_HOSTS", f"{ALWAYS_ALLOWED},{address.text.rpartition(':')[0]}")
    return env


def hosts(address: Address) -> list[str]:
    """Return ALLOWED_HOSTS of a portal that speaks TLS itself: the certificate's names and those chosen."""
    chosen = read.words("ALLOWED_HOSTS")
    found = (f"[{name}]" if ":" in name else name for name in machine.names(address, chosen))
    return list(dict.fromkeys((*found, *chosen)))


def publish(var: Path, env: dict[str, str]) -> None:
    """Leave what ``script/manage`` needs while the portal runs, for this user alone."""
    shared = var / "run" / "environment.json"
    shared.touch(mode=0o600)
    shared.write_text(json.dumps({name: env[name] for name in SHARED if name in env}))


def withdraw(var: Path) -> None:
    """Remove it when the portal stops."""
    (var / "run" / "environment.json").unlink(missing_ok=True)
