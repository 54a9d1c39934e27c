"""Addresses: version 1 of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from predictions.api import parts, records, samples, views

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("predict", views.Predict.as_view(), name="api_predict"),
    path("samples", samples.Samples.as_view(), name="api_samples"),
    path("samples/search", samples.SampleSearch.as_view(), name="api_sample_search"),
    path("samples/<uuid:sample_id>", samples.OneSample.as_view(), name="api_sample"),
    path("samples/<uuid:sample_id>/submit", samples.SampleSubmit.as_view(), name="api_sample_submit"),
    path("samples/<uuid:sample_id>/fields", parts.SampleFields.as_view(), name="api_sample_fields"),
    path("samples/<uuid:sample_id>/cells", parts.SampleCells.as_view(), name="api_sample_cells"),
    path(
        "samples/<uuid:sample_id>/differential",
        parts.SampleDifferential.as_view(),
        name="api_sample_differential",
    ),
    path("samples/<uuid:sample_id>/reports", parts.SampleReports.as_view(), name="api_sample_reports"),
    path("samples/<uuid:sample_id>/events", parts.SampleEvents.as_view(), name="api_sample_events"),
    path("cells/<uuid:cell_id>/reviews", records.CellReviews.as_view(), name="api_cell_reviews"),
    path("reports/<uuid:report_id>", records.OneReport.as_view(), name="api_report"),
    path("reports/<uuid:report_id>/pdf", records.ReportPdf.as_view(), name="api_report_pdf"),
    path("fields", records.Fields.as_view(), name="api_fields"),
    path("fields/<uuid:field_id>", views.Field.as_view(), name="api_field"),
    path("fields/<uuid:field_id>/image", views.FieldImage.as_view(), name="api_image"),
]
