"""For the tests: real PostgreSQL, Redis and workers; only what would make them slow is changed."""

from hematovision.settings.base import *  # noqa: F403 -- the usual way to layer Django settings

# Argon2 and PBKDF2 are slow on purpose; the tests sign in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
