"""Static files: collected and compressed anew only when one of them has changed, since that takes seconds.

Beside them lie the pages, and the bodies for programs, with which a web server in front answers when it
refuses something itself.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from hematovision.core import views

# The browsable API is off, so its pictures and scripts have no page. Of what draws the API's description one
# script and one style are used; the others would cost half a minute of compressing.
UNUSED = ["rest_framework", "redoc", "*preset*", "oauth2*", "favicon-*", "*.js.map"]


def collect() -> None:
    """Bring ``STATIC_ROOT`` up to date."""
    root = Path(settings.STATIC_ROOT)
    stamp, now = root / ".collected", fingerprint()
    if not stamp.exists() or stamp.read_text() != now:
        stamp.unlink(missing_ok=True)
        # What is there stays: pages of the version before are still open, or still served for a while.
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
        stamp.write_text(now)
    folder = root / "refusals"
    folder.mkdir(exist_ok=True)
    for name, content in refusals().items():
        (folder / name).write_bytes(content)


def refusals() -> dict[str, bytes]:
    """Return what is answered where nothing reaches the portal: too much at once, too often, nobody there.

    By name of the file: a page for people, and the same as problem details, the form of the API's errors.
    """
    too_large = _(
        "What you sent is more than the portal takes in one go, so nothing of it was stored. "
        "Send fewer images at a time, or smaller ones."
    )
    too_often = _("You tried too often in a short time. Wait a minute and try again; nothing was lost.")
    pages = {413: (_("Too large"), too_large), 429: (_("Too many attempts"), too_often)}
    drawn = {"503.html": views.unavailable().content, "503.json": views.unavailable(program=True).content}
    for status, (title, text) in pages.items():
        context = {"title": title, "text": text, "status": status}
        drawn[f"{status}.html"] = render_to_string("core/error.html", context).encode()
        drawn[f"{status}.json"] = views.refusal(status, text).content
    return drawn


def fingerprint() -> str:
    """Return a hash over name, size and time of every source file."""
    found = []
    for finder in get_finders():
        for name, storage in finder.list(UNUSED):
            stat = Path(storage.path(name)).stat()
            found.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
