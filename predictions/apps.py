"""Django's entry for smear fields, analyses and cells."""

from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    """Names the app."""

    name = "predictions"
    label = "predictions"
