"""Django's entry for the ground floor."""

from django.apps import AppConfig

from hematovision.core import grants


class CoreConfig(AppConfig):
    """Owns no tables; brings template tags, middleware, error pages and the rights of the database role."""

    name = "hematovision.core"
    label = "core"

    def ready(self) -> None:
        """Grant the application role its rights after each migration."""
        grants.connect(self)
