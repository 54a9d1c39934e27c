"""Django's entry for model versions and training runs."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Names the app."""

    name = "mlcore.registry"
    label = "registry"
