"""Static files: collected and compressed anew only when one of them has changed, since that takes seconds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# The browsable API is off, so its pictures and scripts have no page.
UNUSED = ["rest_framework"]


def collect() -> None:
    """Bring ``STATIC_ROOT`` up to date."""
    root = Path(settings.STATIC_ROOT)
    stamp, now = root / ".collected", fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED)
    stamp.write_text(now)


def fingerprint() -> str:
    """Return a hash over name, size and time of every source file."""
    found = []
    for finder in get_finders():
        for name, storage in finder.list(UNUSED):
            stat = Path(storage.path(name)).stat()
            found.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
