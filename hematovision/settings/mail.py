"""The mail server, where there is one."""

from __future__ import annotations

from hematovision import env

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
MAIL_ENABLED = bool(EMAIL_HOST)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "hematovision@localhost")
if not MAIL_ENABLED:
    # A site without mail: links are shown to the admin to hand over; nothing may hang on a mail server.
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
