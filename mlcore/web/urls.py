"""Addresses: pages of models and of training."""

from django.urls import path

from mlcore.web import datasets, judging, models, promoting, training

urlpatterns = [
    path("", models.index, name="models"),
    path("<uuid:version_id>/", models.detail, name="model"),
    path("<uuid:version_id>/promote/", promoting.first, name="model_promote"),
    path("<uuid:version_id>/evaluate/", judging.order, name="model_evaluate"),
    path("<uuid:version_id>/gate/", promoting.judge, name="model_gate"),
    path("<uuid:version_id>/ask/", promoting.ask, name="model_ask"),
    path("<uuid:version_id>/override/", promoting.override, name="model_override"),
    path("<uuid:version_id>/shadow/", promoting.shadow, name="model_shadow"),
    path("promotions/<uuid:promotion_id>/approve/", promoting.approve, name="promotion_approve"),
    path("promotions/<uuid:promotion_id>/withdraw/", promoting.withdraw, name="promotion_withdraw"),
    path("roll-back/", promoting.roll_back, name="model_roll_back"),
    path("compare/", judging.compare, name="model_compare"),
    path("cells/<str:cell>/", judging.cell, name="test_cell"),
    path("evaluations/<uuid:evaluation_id>/", judging.detail, name="evaluation"),
    path("evaluations/<uuid:evaluation_id>/pictures/<str:name>/", judging.picture, name="evaluation_picture"),
    path("evaluations/<uuid:evaluation_id>/export/<slug:form>/", judging.export, name="evaluation_export"),
    path("training/", training.index, name="training"),
    path("training/start/", training.start, name="training_start"),
    path("training/estimate/", training.estimate, name="training_estimate"),
    path("training/<uuid:run_id>/", training.detail, name="training_run"),
    path("training/<uuid:run_id>/stop/", training.stop, name="training_stop"),
    path("datasets/", datasets.index, name="datasets"),
    path("datasets/new/", datasets.new, name="dataset_new"),
    path("datasets/zip/", datasets.import_zip, name="dataset_zip"),
    path("datasets/folder/", datasets.import_folder, name="dataset_folder"),
    path("datasets/<uuid:dataset_version_id>/", datasets.detail, name="dataset_version"),
    path("datasets/<uuid:dataset_version_id>/cells/", datasets.sheet, name="dataset_sheet"),
    path("datasets/<uuid:dataset_version_id>/cells/<int:number>/", datasets.cell, name="dataset_cell"),
    path(
        "datasets/<uuid:dataset_version_id>/cells/<int:number>/exclude/",
        datasets.exclude,
        name="dataset_exclude",
    ),
    path("datasets/<uuid:dataset_version_id>/manifest/", datasets.manifest, name="dataset_manifest"),
    path("training/<uuid:run_id>/resume/", training.resume, name="training_resume"),
]
