"""Addresses: pages and images of smear fields."""

from django.urls import path

from predictions.web import history, media, results, uploads

urlpatterns = [
    path("upload/", uploads.upload, name="upload"),
    path("upload/file/", uploads.upload_file, name="upload_file"),
    path("fields/", history.history, name="history"),
    path("fields/<uuid:field_id>/", results.field, name="field"),
    path("fields/<uuid:field_id>/result/", results.field_result, name="field_result"),
    path("fields/<uuid:field_id>/retry/", results.field_retry, name="field_retry"),
    path("fields/<uuid:field_id>/image/", media.field_image, name="field_image"),
    path("cells/<uuid:cell_id>/crop/", media.cell_crop, name="cell_crop"),
]
