"""Django's entry for the append-only log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Names the app."""

    name = "accounts.audit"
    label = "audit"
