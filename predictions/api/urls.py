"""Addresses: version 1 of the API."""

from django.urls import include, path

from predictions.api import browse, fhir, parts, records, samples, views
from predictions.api.batch import PredictBatch
from predictions.api.description import Description

urlpatterns = [
    path("schema", Description.as_view(), name="api_schema"),
    path("docs/", browse.docs, name="api_docs"),
    path("predict", views.Predict.as_view(), name="api_predict"),
    path("predict/batch", PredictBatch.as_view(), name="api_predict_batch"),
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
    path("", include("predictions.api.admin.urls")),
    path("reports/<uuid:report_id>/fhir", fhir.ReportBundle.as_view(), name="api_report_fhir"),
    path("fhir/ServiceRequest", fhir.ServiceRequests.as_view(), name="api_fhir_orders"),
    path(
        "fhir/ServiceRequest/<uuid:service_request_id>", fhir.ServiceRequest.as_view(), name="api_fhir_order"
    ),
    path("fhir/metadata", fhir.Capabilities.as_view(), name="api_fhir_metadata"),
]
