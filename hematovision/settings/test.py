"""For the tests: real PostgreSQL, Redis and workers; only what would make them slow is changed."""

from hematovision.settings.base import *  # noqa: F403 -- the usual way to layer Django settings

# Argon2 and PBKDF2 are slow on purpose; the tests sign in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# All tests come from one address and are refused by the hundred; the tests of the limits set their own.
API_STRANGERS_PER_MINUTE = 0
API_REQUESTS_PER_MINUTE = 0
