"""Addresses: home page, dashboard and health."""

from django.urls import path

from hematovision.dashboard import health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("dashboard/", views.dashboard, name="dashboard"),
]
