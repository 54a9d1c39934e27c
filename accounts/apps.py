"""Django's entry for people, sites and roles."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the app."""

    name = "accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register the checks of the settings."""
        from accounts import checks  # noqa: F401, PLC0415 -- after the apps are ready
