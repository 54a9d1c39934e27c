"""Addresses: version 1 of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from predictions.api import views
from predictions.api.batch import PredictBatch

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("predict", views.Predict.as_view(), name="api_predict"),
    path("predict/batch", PredictBatch.as_view(), name="api_predict_batch"),
    path("fields/<uuid:field_id>", views.Field.as_view(), name="api_field"),
    path("fields/<uuid:field_id>/image", views.FieldImage.as_view(), name="api_image"),
]
