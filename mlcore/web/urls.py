"""Addresses: pages of models and of training."""

from django.urls import path

from mlcore.web import models, training

urlpatterns = [
    path("", models.index, name="models"),
    path("<uuid:version_id>/", models.detail, name="model"),
    path("<uuid:version_id>/promote/", models.promote, name="model_promote"),
    path("training/", training.index, name="training"),
    path("training/start/", training.start, name="training_start"),
    path("training/estimate/", training.estimate, name="training_estimate"),
    path("training/<uuid:run_id>/", training.detail, name="training_run"),
    path("training/<uuid:run_id>/stop/", training.stop, name="training_stop"),
    path("training/<uuid:run_id>/resume/", training.resume, name="training_resume"),
]
