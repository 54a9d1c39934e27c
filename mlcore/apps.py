"""Django's entry for training and evaluation commands."""

from django.apps import AppConfig


class MlcoreConfig(AppConfig):
    """Names the app."""

    name = "mlcore"
    label = "mlcore"
