"""Addresses: what admins read, and machine tokens."""

from django.urls import path

from predictions.api.admin import people, registry, tokens

urlpatterns = [
    path("models", registry.Models.as_view(), name="api_models"),
    path("models/<uuid:version_id>", registry.Model.as_view(), name="api_model"),
    path("data-sets", registry.DataSets.as_view(), name="api_data_sets"),
    path("training-runs", registry.TrainingRuns.as_view(), name="api_training_runs"),
    path("people", people.People.as_view(), name="api_people"),
    path("sites", people.Sites.as_view(), name="api_sites"),
    path("audit", people.Audit.as_view(), name="api_audit"),
    path("tokens", tokens.Tokens.as_view(), name="api_tokens"),
    path("tokens/<uuid:token_id>", tokens.Token.as_view(), name="api_token"),
]
