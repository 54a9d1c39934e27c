"""Django's entry for the dashboard."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Owns no tables."""

    name = "hematovision.dashboard"
    label = "dashboard"
