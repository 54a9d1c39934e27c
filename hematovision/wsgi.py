"""The entry point for the web server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from hematovision.core.middleware import charset_kept_plain

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
application = charset_kept_plain(get_wsgi_application())


def _settle() -> None:
    """Load every page's code and template now, and tell the garbage collector that they stay.

    Else each full collection looks at all of them again, and the request that sets it off takes 0.2 s longer.
    """
    from django.conf import settings  # noqa: PLC0415 -- the apps are ready only now
    from django.template.loader import get_template  # noqa: PLC0415
    from django.urls import get_resolver  # noqa: PLC0415

    get_resolver().url_patterns  # noqa: B018 -- reading it imports the pages
    templates = settings.BASE_DIR / "templates"
    for path in templates.rglob("*.html"):
        get_template(str(path.relative_to(templates)))
    gc.collect()
    gc.freeze()


_settle()
