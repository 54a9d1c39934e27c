"""The entry point for the web server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
application = get_asgi_application()
