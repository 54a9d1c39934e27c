"""Addresses: samples, smear fields, their images and cells."""

from django.urls import path

from predictions.web import history, media, pieces, results, trends, uploads
from predictions.web.laboratory import catalogue, rules
from predictions.web.samples import cells, export, live, pages, reports, views, worklist

urlpatterns = [
    path("samples/", worklist.worklist, name="worklist"),
    path("samples/export/", export.export, name="worklist_export"),
    path("samples/live/", live.live, name="worklist_live"),
    path("samples/views/", views.save, name="view_save"),
    path("samples/views/<uuid:view_id>/delete/", views.delete, name="view_delete"),
    path("samples/new/", pages.new, name="sample_new"),
    path("samples/<uuid:sample_id>/", pages.page, name="sample"),
    path("samples/<uuid:sample_id>/edit/", pages.edit, name="sample_edit"),
    path("samples/<uuid:sample_id>/files/", uploads.sample_file, name="sample_file"),
    path("samples/<uuid:sample_id>/pieces/", pieces.begin, name="sample_pieces_begin"),
    path("samples/<uuid:sample_id>/groups/", pages.groups_part, name="sample_groups"),
    path("samples/<uuid:sample_id>/panel/", pages.panel_part, name="sample_panel"),
    path("samples/<uuid:sample_id>/cells/", cells.review, name="sample_cells"),
    path("samples/<uuid:sample_id>/undo/", cells.undo, name="sample_undo"),
    path("samples/<uuid:sample_id>/changes/", cells.changes, name="sample_changes"),
    path("samples/<uuid:sample_id>/submit/", pages.submit, name="sample_submit"),
    path("samples/<uuid:sample_id>/comment/", pages.comment, name="sample_comment"),
    path("samples/<uuid:sample_id>/return/", pages.give_back, name="sample_return"),
    path("samples/<uuid:sample_id>/cancel/", pages.cancel, name="sample_cancel"),
    path("samples/<uuid:sample_id>/preview/", reports.preview, name="sample_preview"),
    path("samples/<uuid:sample_id>/sign/", reports.sign, name="sample_sign"),
    path("samples/<uuid:sample_id>/amend/", reports.amend, name="sample_amend"),
    path("samples/<uuid:sample_id>/note/", reports.note_critical, name="sample_note"),
    path("reports/<uuid:report_id>/", reports.pdf, name="report"),
    path("verify/", reports.verify, name="verify"),
    path("cells/<uuid:cell_id>/context/", cells.context, name="cell_context"),
    path("cells/<uuid:cell_id>/similar/", cells.similar, name="cell_similar"),
    path("laboratory/rules/", rules.page, name="laboratory_rules"),
    path("laboratory/rules/<int:version>/", rules.version_page, name="laboratory_rules_version"),
    path("laboratory/catalogue/", catalogue.page, name="laboratory_catalogue"),
    path("laboratory/catalogue/<slug:code>/", catalogue.edit, name="cell_type"),
    path("laboratory/new-class/", catalogue.new, name="cell_type_new"),
    path("trends/", trends.trends, name="trends"),
    path("upload/", uploads.upload, name="upload"),
    path("upload/file/", uploads.upload_file, name="upload_file"),
    path("upload/pieces/", pieces.begin, name="pieces_begin"),
    path("upload/pieces/<uuid:upload_id>/", pieces.pieces, name="pieces"),
    path("fields/", history.history, name="history"),
    path("fields/<uuid:field_id>/", results.field, name="field"),
    path("fields/<uuid:field_id>/result/", results.field_result, name="field_result"),
    path("fields/<uuid:field_id>/retry/", results.field_retry, name="field_retry"),
    path("fields/<uuid:field_id>/image/", media.field_image, name="field_image"),
    path("cells/<uuid:cell_id>/map/", media.cell_map, name="cell_map"),
    path("cells/<uuid:cell_id>/crop/", media.cell_crop, name="cell_crop"),
]
