"""Addresses: the page of the log."""

from django.urls import URLPattern, URLResolver, path

from accounts.audit import views

urlpatterns: list[URLPattern | URLResolver] = [path("", views.audit, name="audit")]
