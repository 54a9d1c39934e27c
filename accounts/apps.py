"""Django's entry for people, sites and roles."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the app."""

    name = "accounts"
    label = "accounts"
