"""For working on the portal: readable errors, no compiled static files, plain HTTP."""

from hematovision.settings.base import *  # noqa: F403 -- the usual way to layer Django settings

DEBUG = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
