"""Which release of the portal this is, as its own files say."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def release() -> str:
    """Return the version in ``pyproject.toml`` as it was when this process first asked."""
    told = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())
    version: str = told["project"]["version"]
    return version
