"""Typed readers of the environment: the one place where text from outside becomes a setting.

Each reader raises :class:`EnvironmentMistake` with a sentence that names the variable and what it takes.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class EnvironmentMistake(ImproperlyConfigured):
    """A variable is missing or does not hold what it should."""


def text(name: str, default: str | None = None) -> str:
    """Return the variable as it stands; without a default an unset or empty one is a mistake.

    ``<name>_FILE`` names a file that holds the value instead, as containers are given secrets.
    """
    value = os.environ.get(name, "") or held(name)
    if value:
        return value
    if default is None:
        raise EnvironmentMistake(f"{name} is not set. HematoVision has no default for it.")
    return default


def held(name: str) -> str:
    """Return the content of the file that ``<name>_FILE`` names, or nothing."""
    file = os.environ.get(f"{name}_FILE", "")
    if not file:
        return ""
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentMistake(f"{name}_FILE names {file}, which cannot be read: {error}.") from error


def flag(name: str, *, default: bool) -> bool:
    """Read yes or no; anything else is a mistake rather than a guess."""
    value = text(name, "yes" if default else "no").lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise EnvironmentMistake(f"{name} is {value!r}; it takes yes or no.")


def integer(name: str, default: int, *, at_least: int = 0) -> int:
    """Read a whole number not smaller than ``at_least``."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise EnvironmentMistake(f"{name} is {value!r}; it takes a whole number.") from None
    if number < at_least:
        raise EnvironmentMistake(f"{name} is {number}; the least it takes is {at_least}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list; blanks around the items and empty items are dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Read a comma-separated list of networks such as ``10.1.0.0/16``; a single address is one too."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise EnvironmentMistake(f"{name}: {error}. It takes networks such as 10.1.0.0/16.") from None


def path(name: str, default: Path) -> Path:
    """Read a path; a relative one counts from the working directory."""
    return Path(text(name, str(default))).expanduser().resolve()


def database(name: str) -> dict[str, Any]:
    """Read ``postgresql://user:password@host:port/name`` as a Django database entry.

    Raises:
        EnvironmentMistake: it is unset or names another kind of database. There is no fallback to
            SQLite: it would silently drop the append-only triggers and row locks the portal rests on.
    """
    parts = urlsplit(text(name))
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise EnvironmentMistake(f"{name} must look like postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
    }
