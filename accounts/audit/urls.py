"""Addresses: the pages of the log."""

from django.urls import URLPattern, URLResolver, path

from accounts.audit import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.audit, name="audit"),
    path("export/", views.export, name="audit_export"),
    path("verify/", views.verify, name="audit_verify"),
    path("head/", views.head, name="audit_head"),
]
