"""The entry point for the web server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
application = get_wsgi_application()


def _settle() -> None:
    """Load every page's code now, and tell the garbage collector that it stays.

    Else each full collection looks at all of it again, and the request that sets it off takes 0.2 s longer.
    """
    from django.urls import get_resolver  # noqa: PLC0415 -- the apps are ready only now

    get_resolver().url_patterns  # noqa: B018 -- reading it imports the pages
    gc.collect()
    gc.freeze()


_settle()
