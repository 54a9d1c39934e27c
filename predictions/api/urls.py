"""Addresses: version 1 of the API."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from predictions.api import browse, fhir, views

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", browse.docs, name="api_docs"),
    path("predict", views.Predict.as_view(), name="api_predict"),
    path("fields/<uuid:field_id>", views.Field.as_view(), name="api_field"),
    path("fields/<uuid:field_id>/image", views.FieldImage.as_view(), name="api_image"),
    path("", include("predictions.api.admin.urls")),
    path("reports/<uuid:report_id>/fhir", fhir.ReportBundle.as_view(), name="api_report_fhir"),
    path("fhir/ServiceRequest", fhir.ServiceRequests.as_view(), name="api_fhir_order"),
    path("fhir/metadata", fhir.Capabilities.as_view(), name="api_fhir_metadata"),
]
